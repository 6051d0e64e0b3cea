import Primitives

/// The header of the PROXY protocol, version 1 or 2: who is connected to the balancer in front of us.
///
/// A value that is read from the bytes that have come so far, whole or not at all; it holds no bytes itself.
/// Strict: what the specification does not allow is refused, since whoever could smuggle an address past it
/// could pose as anybody. What follows a version 2 header's addresses (TLV) is skipped. Cost: linear in at most
/// 4 KiB, again with each part that comes.
package struct ProxyHeader: Sendable, Equatable {
  package enum Read: Sendable, Equatable {
    /// More has to come.
    case incomplete
    case whole(ProxyHeader)
    case refused(Fault)
  }

  /// Why it is refused: the `result` of `weir_proxy_protocol_headers_total`.
  package enum Fault: String, Sendable, CaseIterable {
    /// The first bytes are those of no version.
    case missing
    case malformed
    case tooLarge = "too_large"
    /// The peer is none of the trusted proxies.
    case untrusted
    case timeout
    /// The connection ended before the header did.
    case closed
  }

  /// 1 or 2.
  package var version: Int
  /// Who is connected to the balancer; nil: nobody is (LOCAL), or it does not say (UNKNOWN, UNSPEC, a Unix-domain
  /// socket), and the connection's own peer counts.
  package var source: SocketAddress?
  /// Bytes of the header; behind them the client's own begin.
  package var count: Int

  package init(version: Int, source: SocketAddress?, count: Int) {
    self.version = version
    self.source = source
    self.count = count
  }

  /// The longest of version 1, line end included.
  private static let lineBytesMax = 107
  /// The longest of version 2: its length would allow 64 KiB, of which no balancer sends a tenth.
  package static let bytesMax = 16 + 4096

  private static let signature = [UInt8]("\r\n\r\n\0\r\nQUIT\n".utf8)
  private static let line = [UInt8]("PROXY ".utf8)

  package static func read(_ bytes: Span<UInt8>) -> Read {
    guard bytes.count > 0 else { return .incomplete }
    return bytes[0] == 0x50 ? readLine(bytes) : readBinary(bytes)
  }

  /// Whether `bytes` begin as `text` does; nil: they do so far.
  private static func begins(_ bytes: Span<UInt8>, _ text: [UInt8]) -> Bool? {
    let shared = min(bytes.count, text.count)
    for index in 0..<shared where bytes[index] != text[index] { return false }
    return shared == text.count ? true : nil
  }

  // MARK: Version 1

  private static func readLine(_ bytes: Span<UInt8>) -> Read {
    guard let begins = begins(bytes, line) else { return .incomplete }
    guard begins else { return .refused(.missing) }
    var end = line.count
    while end < bytes.count, bytes[end] != 0x0D, bytes[end] != 0x0A {
      end += 1
      if end > lineBytesMax - 2 { return .refused(.tooLarge) }
    }
    guard end < bytes.count else { return .incomplete }
    guard bytes[end] == 0x0D else { return .refused(.malformed) }
    guard end + 1 < bytes.count else { return .incomplete }
    guard bytes[end + 1] == 0x0A else { return .refused(.malformed) }
    let words = words(bytes.extracting(line.count..<end))
    guard let words else { return .refused(.malformed) }
    // What follows UNKNOWN counts for nothing.
    if words.first == "UNKNOWN" { return .whole(.init(version: 1, source: nil, count: end + 2)) }
    guard words.count == 5, words[0] == "TCP4" || words[0] == "TCP6" else {
      return .refused(.malformed)
    }
    let isV6 = words[0] == "TCP6"
    guard let source = address(words[1], words[3], isV6), address(words[2], words[4], isV6) != nil
    else { return .refused(.malformed) }
    return .whole(.init(version: 1, source: source, count: end + 2))
  }

  /// Nil: a byte that is not printable ASCII stands among them.
  private static func words(_ bytes: Span<UInt8>) -> [String]? {
    var words: [[UInt8]] = [[]]
    for index in 0..<bytes.count {
      let byte = bytes[index]
      guard byte >= 0x20, byte < 0x7F else { return nil }
      if byte == 0x20 { words.append([]) } else { words[words.count - 1].append(byte) }
    }
    return words.map { String(decoding: $0, as: UTF8.self) }
  }

  private static func address(_ text: String, _ port: String, _ isV6: Bool) -> SocketAddress? {
    guard text.contains(":") == isV6, let address = IPAddress(text),
      let number = SocketAddress.port(port), port == "\(number)"
    else { return nil }
    return .ip(address, port: number)
  }

  // MARK: Version 2

  private static func readBinary(_ bytes: Span<UInt8>) -> Read {
    guard let begins = begins(bytes, signature) else { return .incomplete }
    guard begins else { return .refused(.missing) }
    guard bytes.count >= 16 else { return .incomplete }
    let (command, family) = (bytes[12], bytes[13])
    let length = Int(bytes[14]) << 8 | Int(bytes[15])
    guard command == 0x20 || command == 0x21, family >> 4 <= 3, family & 15 <= 2 else {
      return .refused(.malformed)
    }
    guard 16 + length <= bytesMax else { return .refused(.tooLarge) }
    let isOfClient = command == 0x21
    let needed = isOfClient ? addressBytes(family) : 0
    guard length >= needed else { return .refused(.malformed) }
    guard bytes.count >= 16 + length else { return .incomplete }
    let source = isOfClient ? source(bytes, family) : nil
    return .whole(.init(version: 2, source: source, count: 16 + length))
  }

  private static func addressBytes(_ family: UInt8) -> Int {
    switch family {
    case 0x11, 0x12: 12
    case 0x21, 0x22: 36
    case 0x31, 0x32: 216
    default: 0
    }
  }

  /// Who is connected by a stream over IP; what came in another way is not told.
  private static func source(_ bytes: Span<UInt8>, _ family: UInt8) -> SocketAddress? {
    switch family {
    case 0x11:
      .ip(
        IPAddress(v4: UInt32(number(bytes, 16, 4))), port: UInt16(number(bytes, 24, 2)))
    case 0x21:
      .ip(
        IPAddress(high: number(bytes, 16, 8), low: number(bytes, 24, 8)),
        port: UInt16(number(bytes, 48, 2)))
    default: nil
    }
  }

  private static func number(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> UInt64 {
    (start..<start + count).reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
  }
}
