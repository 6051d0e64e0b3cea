import Primitives

/// The node of one hop, as `X-Forwarded-For` and `Forwarded` write it: an address, in brackets or not,
/// with or without a port (RFC 7239 §6; Azure's gateways write ports into `X-Forwarded-For` too).
package enum ForwardedNode: Equatable, Sendable {
  case address(IPAddress)
  /// `unix`, which Weir writes for a peer on a Unix-domain socket: a hop on the same machine.
  case local
  /// `unknown`, an obfuscated identifier, a name, or bytes that are no node at all.
  case unknown

  /// `text` stands without blanks around it and without quotation marks.
  package init(_ text: Span<UInt8>) {
    if ByteScan.equal(text, "unix") || ByteScan.equal(text, "_unix") {
      self = .local
      return
    }
    var host = text
    if text.count > 0, text[0] == 0x5B {
      guard let end = ByteScan.firstIndex(of: 0x5D, in: text),
        Self.isPort(text.extracting(end + 1..<text.count))
      else {
        self = .unknown
        return
      }
      host = text.extracting(1..<end)
    } else if let colon = ByteScan.firstIndex(of: 0x3A, in: text),
      Self.isPort(text.extracting(colon..<text.count))
    {
      // A second colon is no port's: an IPv6 address without brackets.
      host = text.extracting(0..<colon)
    }
    self = IPAddress(host).map { .address($0) } ?? .unknown
  }

  /// Nothing, or `:` and digits or an obfuscated port.
  private static func isPort(_ text: Span<UInt8>) -> Bool {
    if text.isEmpty { return true }
    guard text[0] == 0x3A, text.count > 1 else { return false }
    let isObfuscated = text[1] == 0x5F
    guard isObfuscated || text.count <= 6 else { return false }
    for index in 1..<text.count {
      let byte = text[index]
      guard isObfuscated ? Token.isToken(byte) : Token.isDigit(byte) else { return false }
    }
    return true
  }
}
