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

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    // ( ) ; = , are sub-delimiters that are no token characters; a comma is refused, since two
    // hosts joined by one are how some peers report a repeated Host.
    case 0x28, 0x29, 0x3B, 0x3D: true
    case 0x23, 0x5E, 0x60, 0x7C: false
    default: Token.isToken(byte)
    }
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
