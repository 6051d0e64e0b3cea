import Primitives

/// `host [":" port]` as `Host` and an absolute target hold it (RFC 9110 §7.2, RFC 3986 §3.2.2).
///
/// Stricter than RFC 3986 where a second spelling of a host would slip past a route by host:
/// a percent escape is refused, and so is an empty label but the last (`a..b`, `.a`). A host is at
/// most 255 bytes (RFC 1035 §2.3.4), which bounds what looking it up can cost; a port at most 65535.
package enum Authority {
  /// RFC 1035 §2.3.4.
  private static let hostBytesMax = 255

  package static func isValid(
    _ bytes: Span<UInt8>, mayBeEmpty: Bool, needsPort: Bool = false
  ) -> Bool {
    guard bytes.count > 0 else { return mayBeEmpty }
    guard let hostEnd = bytes[0] == 0x5B ? literalEnd(bytes) : nameEnd(bytes) else { return false }
    guard hostEnd > 0, hostEnd <= hostBytesMax else { return false }
    if hostEnd == bytes.count { return !needsPort }
    guard bytes[hostEnd] == 0x3A else { return false }
    return isPort(bytes.extracting(hostEnd + 1..<bytes.count), mayBeEmpty: !needsPort)
  }

  private static func isPort(_ digits: Span<UInt8>, mayBeEmpty: Bool) -> Bool {
    if digits.count == 0 { return mayBeEmpty }
    guard digits.count <= 5, let port = Token.decimal(digits) else { return false }
    return port <= 65535
  }

  /// Unreserved characters and sub-delimiters, up to a colon, in labels that are not empty.
  private static func nameEnd(_ bytes: Span<UInt8>) -> Int? {
    var index = 0
    var labelStart = 0
    while index < bytes.count, bytes[index] != 0x3A {
      if bytes[index] == 0x2E {
        if index == labelStart { return nil }
        labelStart = index + 1
      } else if !isNameByte(bytes[index]) {
        return nil
      }
      index += 1
    }
    return index
  }

  // Bit n of the pair is set where the character n may stand in a name: as in `Token`, with
  // ( ) ; = and without # % ^ ` |. A comma, a sub-delimiter too, is refused, since two hosts joined
  // by one are how some peers report a repeated Host.
  private static var low: UInt64 { 0x2BFF_6FD2_0000_0000 }
  private static var high: UInt64 { 0x47FF_FFFE_87FF_FFFE }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    if byte >= 0x80 { return false }
    return (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
  }

  /// Behind `[` and an IPv6 address and `]`; the future forms of RFC 3986 are nobody's.
  private static func literalEnd(_ bytes: Span<UInt8>) -> Int? {
    guard let end = ByteScan.firstIndex(of: 0x5D, in: bytes),
      IPv6Text.isValid(bytes.extracting(1..<end))
    else { return nil }
    return end + 1
  }
}
