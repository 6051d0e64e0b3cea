import Primitives

/// A field value that is a number and nothing else.
enum DecimalField {
  /// Nil: it is not one, or has more than 15 digits.
  static func value(_ bytes: Span<UInt8>) -> UInt64? {
    guard bytes.count > 0, bytes.count <= 15 else { return nil }
    var value: UInt64 = 0
    for index in bytes.indices {
      let digit = bytes[index] &- 0x30
      guard digit < 10 else { return nil }
      value = value * 10 + UInt64(digit)
    }
    return value
  }
}
