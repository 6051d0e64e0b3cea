import Primitives
import Testing
import Transport

struct ProxyHeaderTests {
  private static let signature: [UInt8] = Array("\r\n\r\n\0\r\nQUIT\n".utf8)
  private static let v4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 2, 0xDC, 0x04, 0x01, 0xBB]

  private static func binary(
    _ command: UInt8, _ family: UInt8, _ body: [UInt8], length: Int? = nil
  ) -> [UInt8] {
    let count = length ?? body.count
    return signature + [command, family, UInt8(count >> 8), UInt8(count & 255)] + body
  }

  private static func line(_ text: String) -> [UInt8] { Array("PROXY \(text)\r\n".utf8) }

  struct Good: Sendable {
    var bytes: [UInt8]
    var source: String?
    init(_ bytes: [UInt8], _ source: String?) {
      self.bytes = bytes
      self.source = source
    }
  }

  private static let v6 =
    [UInt8]([0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1])
    + [UInt8](repeating: 9, count: 16) + [0, 7, 0, 8]

  static let good: [Good] = [
    Good(line("TCP4 192.0.2.1 192.0.2.2 56324 443"), "192.0.2.1:56324"),
    Good(line("TCP4 255.255.255.255 255.255.255.255 65535 65535"), "255.255.255.255:65535"),
    Good(line("TCP6 2001:db8::1 ::1 0 443"), "[2001:db8::1]:0"),
    Good(line("UNKNOWN"), nil), Good(line("UNKNOWN ffff::1 any thing"), nil),
    Good(binary(0x21, 0x11, v4), "192.0.2.1:56324"),
    // A NOOP behind the addresses.
    Good(binary(0x21, 0x11, v4 + [4, 0, 2, 0, 0]), "192.0.2.1:56324"),
    Good(binary(0x21, 0x11, v4 + [UInt8](repeating: 4, count: 4096 - 12)), "192.0.2.1:56324"),
    Good(binary(0x21, 0x21, v6), "[2001:db8::1]:7"),
    Good(binary(0x20, 0, []), nil), Good(binary(0x20, 0x11, v4), nil),
    Good(binary(0x20, 0x11, []), nil), Good(binary(0x21, 0, [1, 2, 3]), nil),
    Good(binary(0x21, 0x12, v4), nil),
    Good(binary(0x21, 0x31, [UInt8](repeating: 0, count: 216)), nil),
  ]

  /// Whole at its last byte and not before, whatever follows.
  @Test(arguments: good) func isWholeAtItsLastByte(good: Good) {
    let bytes = good.bytes
    for end in 0..<bytes.count {
      #expect(ProxyHeader.read(bytes.span.extracting(0..<end)) == .incomplete, "\(end)")
    }
    for rest in ["", "GET / HTTP/1.1\r\n", "\r\n", "PROXY UNKNOWN\r\n"] {
      guard case .whole(let header) = ProxyHeader.read((bytes + Array(rest.utf8)).span) else {
        Issue.record("\(rest)")
        continue
      }
      #expect(header.count == bytes.count)
      #expect(header.source.map { "\($0)" } == good.source)
      #expect(header.version == (bytes[0] == 0x50 ? 1 : 2))
    }
  }

  static let bad: [(bytes: [UInt8], fault: ProxyHeader.Fault)] = [
    (Array("GET / HTTP/1.1\r\n".utf8), .missing), (Array("POST / HTTP/1.1\r\n".utf8), .missing),
    ([0x16, 0x03, 0x01], .missing), (Array("\r\n\r\n\r\n".utf8), .missing),
    (Array("PROXYTCP4".utf8), .missing), (Array("proxy TCP4".utf8), .missing),
    (line("TCP4 192.0.2.1 192.0.2.2 56324"), .malformed), (line("TCP5 a b 1 2"), .malformed),
    (line("TCP4 192.0.2.1 192.0.2.2 56324 443 "), .malformed),
    (line("TCP4  192.0.2.1 192.0.2.2 56324 443"), .malformed),
    (line("TCP4 192.0.2.1 192.0.2.2 65536 443"), .malformed),
    (line("TCP4 192.0.2.1 192.0.2.2 056 443"), .malformed),
    (line("TCP4 192.0.2.1 192.0.2.2 +56 443"), .malformed),
    (line("TCP4 192.0.2.256 192.0.2.2 56 443"), .malformed),
    (line("TCP4 2001:db8::1 ::1 56 443"), .malformed),
    (line("TCP6 192.0.2.1 192.0.2.2 56 443"), .malformed),
    (line("TCP4 192.0.2.1 192.0.2.2 56 443\t"), .malformed), (line("UNKNOWN\0"), .malformed),
    (line(""), .malformed), (Array("PROXY TCP4 192.0.2.1\n".utf8), .malformed),
    (Array("PROXY UNKNOWN\rx".utf8), .malformed),
    (line("UNKNOWN \(String(repeating: "a", count: 93))"), .tooLarge),
    (Array("PROXY \(String(repeating: "a", count: 200))".utf8), .tooLarge),
    (binary(0x22, 0x11, v4), .malformed), (binary(0x11, 0x11, v4), .malformed),
    (binary(0x21, 0x41, v4), .malformed), (binary(0x21, 0x13, v4), .malformed),
    (binary(0x21, 0x11, v4, length: 11), .malformed), (binary(0x21, 0x21, v4), .malformed),
    (binary(0x21, 0x31, v4), .malformed), (binary(0x21, 0x11, v4, length: 4097), .tooLarge),
    (binary(0x20, 0, [], length: 65_535), .tooLarge),
  ]

  /// However it is split, and never taken for one that is good.
  @Test(arguments: bad) func isRefused(bytes: [UInt8], fault: ProxyHeader.Fault) {
    #expect(ProxyHeader.read(bytes.span) == .refused(fault))
    for end in 0..<bytes.count {
      let read = ProxyHeader.read(bytes.span.extracting(0..<end))
      #expect(read == .incomplete || read == .refused(fault), "\(end)")
    }
  }

  /// The longest line that the specification knows.
  @Test func theLongestLineIsTaken() {
    let text = "UNKNOWN \(String(repeating: "f", count: 91))"
    let bytes = Self.line(text)
    #expect(bytes.count == 107)
    #expect(ProxyHeader.read(bytes.span) == .whole(.init(version: 1, source: nil, count: 107)))
  }
}
