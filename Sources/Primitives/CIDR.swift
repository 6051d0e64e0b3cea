/// A block of addresses, such as `10.0.0.0/8` or `fd00::/8` (RFC 4632, RFC 4291 §2.3).
package struct CIDR: Hashable, Sendable, CustomStringConvertible {
  package let address: IPAddress
  /// The prefix as written: 0...32 for IPv4, 0...128 for IPv6.
  package let prefixBits: Int
  private let high: UInt64
  private let low: UInt64

  /// A bare address is a block of one. Nil where the text is neither.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = IPAddress(parts[0]) else { return nil }
    let most = address.isV4 ? 32 : 128
    var bits = most
    if parts.count == 2 {
      guard let port = SocketAddress.port(parts[1]), Int(port) <= most else { return nil }
      bits = Int(port)
    }
    self.address = address
    prefixBits = bits
    let whole = address.isV4 ? bits + 96 : bits
    high = whole >= 64 ? .max : ~(UInt64.max >> UInt64(whole))
    low = whole >= 128 ? .max : whole <= 64 ? 0 : ~(UInt64.max >> UInt64(whole - 64))
  }

  package func contains(_ other: IPAddress) -> Bool {
    (other.high ^ address.high) & high == 0 && (other.low ^ address.low) & low == 0
  }

  package var description: String { "\(address)/\(prefixBits)" }
}
