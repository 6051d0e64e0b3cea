import Primitives

/// `host [":" port]` as `Host` and an absolute target hold it (RFC 9110 §7.2, RFC 3986 §3.2.2).
enum Authority {
  static func isValid(
    _ bytes: Span<UInt8>, mayBeEmpty: Bool, needsPort: Bool = false
  ) -> Bool {
    guard bytes.count > 0 else { return mayBeEmpty }
    guard let hostEnd = bytes[0] == 0x5B ? literalEnd(bytes) : nameEnd(bytes) else { return false }
    guard hostEnd > 0 else { return false }
    if hostEnd == bytes.count { return !needsPort }
    guard bytes[hostEnd] == 0x3A else { return false }
    let digits = bytes.count - hostEnd - 1
    guard digits <= 5, digits > 0 || !needsPort else { return false }
    for index in hostEnd + 1..<bytes.count where !Token.isDigit(bytes[index]) { return false }
    return true
  }

  /// Unreserved characters, sub-delimiters and percent escapes, up to a colon.
  private static func nameEnd(_ bytes: Span<UInt8>) -> Int? {
    var index = 0
    while index < bytes.count, bytes[index] != 0x3A {
      guard isNameByte(bytes[index]) else { return nil }
      index += 1
    }
    return index
  }

  // Bit n of the pair is set where the character n may stand in a name: as in `Token`, with
  // ( ) ; = and without # ^ ` |. A comma, a sub-delimiter too, is refused, since two hosts joined by
  // one are how some peers report a repeated Host.
  private static var low: UInt64 { 0x2BFF_6FF2_0000_0000 }
  private static var high: UInt64 { 0x47FF_FFFE_87FF_FFFE }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    if byte >= 0x80 { return false }
    return (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
  }

  /// `[` … `]`: hexadecimal digits, colons and dots.
  private static func literalEnd(_ bytes: Span<UInt8>) -> Int? {
    var index = 1
    while index < bytes.count, bytes[index] != 0x5D {
      let byte = bytes[index]
      guard Token.hexadecimalValue(byte) != nil || byte == 0x3A || byte == 0x2E else { return nil }
      index += 1
    }
    return index < bytes.count && index > 2 ? index + 1 : nil
  }
}
