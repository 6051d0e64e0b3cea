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
    if let bits = Self.parseV4(text) {
      self.init(v4: bits)
    } else if let (high, low) = Self.parseV6(text) {
      self.init(high: high, low: low)
    } else {
      return nil
    }
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

  private static func parseV4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      // A leading zero is octal to some readers (inet_aton), so it is refused.
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        part.utf8.count == 1 || part.utf8.first != 0x30, let byte = UInt8(part)
      else { return nil }
      bits = bits << 8 | UInt32(byte)
    }
    return bits
  }

  private static func parseV6(_ text: some StringProtocol) -> (UInt64, UInt64)? {
    let text = String(text)
    guard text.utf8.count <= 45 else { return nil }
    let halves: [String]
    if let gap = text.firstRange(ofColons: ()) {
      halves = [String(text[..<gap.lowerBound]), String(text[gap.upperBound...])]
    } else {
      halves = [text]
    }
    var parsed: [[UInt16]] = []
    for (index, half) in halves.enumerated() {
      guard let groups = parseGroups(half, isLast: index == halves.count - 1) else { return nil }
      parsed.append(groups)
    }
    let count = parsed.reduce(0) { $0 + $1.count }
    guard halves.count == 2 ? count <= 7 : count == 8 else { return nil }
    let zeros = [UInt16](repeating: 0, count: 8 - count)
    let groups = halves.count == 2 ? parsed[0] + zeros + parsed[1] : parsed[0]
    func half(_ part: ArraySlice<UInt16>) -> UInt64 { part.reduce(0) { $0 << 16 | UInt64($1) } }
    return (half(groups[..<4]), half(groups[4...]))
  }

  private static func parseGroups(_ text: String, isLast: Bool) -> [UInt16]? {
    if text.isEmpty { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if isLast, index == parts.count - 1, part.contains(".") {
        guard let bits = parseV4(part) else { return nil }
        groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
      } else {
        guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexadecimal),
          let group = UInt16(part, radix: 16)
        else { return nil }
        groups.append(group)
      }
    }
    return groups
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
  }
}

extension String {
  /// Where "::" first stands.
  fileprivate func firstRange(ofColons: Void) -> Range<String.Index>? {
    var index = startIndex
    while index < endIndex {
      let following = self.index(after: index)
      if self[index] == ":", following < endIndex, self[following] == ":" {
        return index..<self.index(after: following)
      }
      index = following
    }
    return nil
  }
}
