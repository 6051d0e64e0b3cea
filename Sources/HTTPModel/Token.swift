import Primitives

/// The character classes of RFC 9110 §5.6 and RFC 3986 that heads are made of.
@usableFromInline package enum Token {
  // Bit n of the pair is set where the character n may stand in a token (RFC 9110 §5.6.2).
  @inlinable static var low: UInt64 { 0x03FF_6CFA_0000_0000 }
  @inlinable static var high: UInt64 { 0x57FF_FFFF_C7FF_FFFE }

  @inlinable @inline(__always)
  package static func isToken(_ byte: UInt8) -> Bool {
    if byte >= 0x80 { return false }
    let word = byte < 64 ? low : high
    return word >> UInt64(byte & 63) & 1 == 1
  }

  /// The end of the token that begins at `start`.
  @inlinable @inline(__always)
  package static func end(in bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count, isToken(bytes[index]) { index += 1 }
    return index
  }

  @inlinable @inline(__always)
  package static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  @inlinable @inline(__always)
  package static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    if byte &- 0x30 < 10 { return byte &- 0x30 }
    let lower = byte | 0x20
    return lower &- 0x61 < 6 ? lower &- 0x61 &+ 10 : nil
  }

  /// Digits of a length or a chunk's size, leading zeros included, which are valid in any number
  /// (`1*DIGIT`, `1*HEXDIG`). RFC 9112 §7.1 has a recipient expect large numbers and guard itself.
  @inlinable package static var numberDigitsMax: Int { 32 }

  /// Digits only, at least one, however many.
  package static func isDecimal(_ bytes: Span<UInt8>) -> Bool {
    bytes.count > 0 && bytes.indices.allSatisfy { isDigit(bytes[$0]) }
  }

  /// Digits only, at least one, below 10^18 so that sums cannot wrap. RFC 9110 §8.6.
  @inlinable package static func decimal(_ bytes: Span<UInt8>) -> UInt64? {
    guard bytes.count > 0, bytes.count <= numberDigitsMax else { return nil }
    var value: UInt64 = 0
    for index in bytes.indices {
      guard isDigit(bytes[index]), value < 100_000_000_000_000_000 else { return nil }
      value = value * 10 + UInt64(bytes[index] &- 0x30)
    }
    return value
  }

  /// `bytes` without blanks (SP, HTAB) at either end.
  @inlinable @inline(__always)
  package static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var lower = range.lowerBound
    var upper = range.upperBound
    while lower < upper, bytes[lower] == 0x20 || bytes[lower] == 0x09 { lower += 1 }
    while upper > lower, bytes[upper - 1] == 0x20 || bytes[upper - 1] == 0x09 { upper -= 1 }
    return lower..<upper
  }

  /// Calls `body` for each element of a comma-separated list, blanks trimmed, empty ones left out
  /// (RFC 9110 §5.6.1); false from `body` ends the walk and is the answer.
  @inlinable @inline(__always)
  package static func eachElement(
    of bytes: Span<UInt8>, in range: Range<Int>, _ body: (Range<Int>) -> Bool
  ) -> Bool {
    var start = range.lowerBound
    while start <= range.upperBound {
      var end = start
      while end < range.upperBound, bytes[end] != 0x2C { end += 1 }
      let element = trimmed(bytes, start..<end)
      if !element.isEmpty, !body(element) { return false }
      start = end + 1
    }
    return true
  }
}
