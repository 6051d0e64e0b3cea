/// An IPv4 or IPv6 address as a number; an IPv4-mapped IPv6 address is held as IPv4, so that a
/// dual-stack listener's peers compare as what they are.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// The 128 bits, most significant half first; an IPv4 address is `::ffff:a.b.c.d`.
  package let high: UInt64
  package let low: UInt64

  package static let loopback4 = IPAddress(v4: 0x7F00_0001)

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  package init(v4 bits: UInt32) {
    high = 0
    low = 0xFFFF_0000_0000 | UInt64(bits)
  }

  package var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }
  package var v4Bits: UInt32 { UInt32(truncatingIfNeeded: low) }

  /// Reads `127.0.0.1` or `2001:db8::1` (RFC 4291 §2.2, an embedded IPv4 tail included), without
  /// brackets or a zone. Nil for anything else.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    self.init(bytes.span)
  }

  /// RFC 5952: lower case, the longest run of zero groups shortened.
  public var description: String {
    isV4 ? Self.dotted(v4Bits) : Self.colons(groups)
  }

  private var groups: [UInt16] {
    (0..<8).map { index in
      let half = index < 4 ? high : low
      return UInt16(truncatingIfNeeded: half >> UInt64(48 - (index % 4) * 16))
    }
  }

  private static func dotted(_ bits: UInt32) -> String {
    "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
  }

  private static func colons(_ groups: [UInt16]) -> String {
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > max(best.count, 1) { best = start..<end }
      start = max(end, start + 1)
    }
    func joined(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    if best.isEmpty { return joined(groups[...]) }
    return joined(groups[..<best.lowerBound]) + "::" + joined(groups[best.upperBound...])
  }
}
