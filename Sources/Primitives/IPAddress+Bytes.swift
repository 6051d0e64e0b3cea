/// Reading and writing an address as bytes, without an allocation: requests bring them.
extension IPAddress {
  /// As `init(_ text:)`. Cost: one pass, at most 45 bytes.
  package init?(_ bytes: Span<UInt8>) {
    if let bits = Self.v4(bytes) {
      self.init(v4: bits)
    } else if let (high, low) = Self.v6(bytes) {
      self.init(high: high, low: low)
    } else {
      return nil
    }
  }

  /// Appends what `description` is.
  package func append(to out: inout [UInt8]) {
    guard isV4 else { return out.append(contentsOf: description.utf8) }
    for place in 0..<4 {
      if place > 0 { out.append(0x2E) }
      let byte = UInt8(truncatingIfNeeded: v4Bits >> UInt32(24 - 8 * place))
      if byte >= 100 { out.append(0x30 + byte / 100) }
      if byte >= 10 { out.append(0x30 + byte / 10 % 10) }
      out.append(0x30 + byte % 10)
    }
  }

  private static func v4(_ bytes: Span<UInt8>) -> UInt32? {
    guard bytes.count >= 7, bytes.count <= 15 else { return nil }
    var bits: UInt32 = 0
    var dots = 0
    var value: UInt32 = 0
    var digits = 0
    for index in bytes.indices {
      let byte = bytes[index]
      if byte == 0x2E, digits > 0, dots < 3 {
        bits = bits << 8 | value
        (value, digits, dots) = (0, 0, dots + 1)
        continue
      }
      // A leading zero is octal to some readers (inet_aton), so it is refused.
      guard byte &- 0x30 < 10, digits == 0 || value > 0 else { return nil }
      value = value * 10 + UInt32(byte &- 0x30)
      digits += 1
      guard value <= 255 else { return nil }
    }
    return dots == 3 && digits > 0 ? bits << 8 | value : nil
  }

  /// Groups before `::` fill from the left, those behind it from the right.
  private static func v6(_ bytes: Span<UInt8>) -> (UInt64, UInt64)? {
    guard bytes.count >= 2, bytes.count <= 45 else { return nil }
    var groups = InlineArray<8, UInt16>(repeating: 0)
    var count = 0
    var gap: Int?
    var index = 0
    if bytes[0] == 0x3A {
      guard bytes[1] == 0x3A else { return nil }
      gap = 0
      index = 2
    }
    while index < bytes.count {
      var end = index
      while end < bytes.count, bytes[end] != 0x3A { end += 1 }
      let part = bytes.extracting(index..<end)
      if end == bytes.count, let bits = v4(part) {
        guard count <= 6 else { return nil }
        groups[count] = UInt16(bits >> 16)
        groups[count + 1] = UInt16(truncatingIfNeeded: bits)
        count += 2
        break
      }
      guard count < 8, let group = group(part) else { return nil }
      groups[count] = group
      count += 1
      guard end < bytes.count else { break }
      index = end + 1
      // A colon ends nothing: what follows is a group, or a second colon, once.
      guard index < bytes.count else { return nil }
      if bytes[index] == 0x3A {
        guard gap == nil else { return nil }
        gap = count
        index += 1
      }
    }
    return joined(groups, count, gap)
  }

  private static func joined(
    _ groups: InlineArray<8, UInt16>, _ count: Int, _ gap: Int?
  ) -> (UInt64, UInt64)? {
    guard gap == nil ? count == 8 : count <= 7 else { return nil }
    let zeros = 8 - count
    var halves: (UInt64, UInt64) = (0, 0)
    for place in 0..<8 {
      var value: UInt16 = 0
      if let gap {
        if place < gap {
          value = groups[place]
        } else if place >= gap + zeros {
          value = groups[place - zeros]
        }
      } else {
        value = groups[place]
      }
      if place < 4 { halves.0 = halves.0 << 16 | UInt64(value) }
      if place >= 4 { halves.1 = halves.1 << 16 | UInt64(value) }
    }
    return halves
  }

  private static func group(_ bytes: Span<UInt8>) -> UInt16? {
    guard bytes.count >= 1, bytes.count <= 4 else { return nil }
    var value: UInt16 = 0
    for index in bytes.indices {
      let byte = bytes[index]
      let lower = byte | 0x20
      let digit: UInt8
      if byte &- 0x30 < 10 {
        digit = byte &- 0x30
      } else if lower &- 0x61 < 6 {
        digit = lower &- 0x57
      } else {
        return nil
      }
      value = value << 4 | UInt16(digit)
    }
    return value
  }
}
