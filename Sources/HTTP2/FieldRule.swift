import HTTPModel
import Primitives

/// What any field of HTTP/2 has to keep to, so that it means the same as a line of HTTP/1
/// (RFC 9113 §8.2).
enum FieldRule {
  /// Lower-case token characters only: no colon, CR, LF, NUL or space (§8.2.1).
  static func isName(_ name: Span<UInt8>) -> Bool {
    guard name.count > 0 else { return false }
    for index in name.indices {
      let byte = name[index]
      if !Token.isToken(byte) || (byte >= 0x41 && byte <= 0x5A) { return false }
    }
    return true
  }

  /// No control character, CR, LF and NUL among them, and no blank at either end (§8.2.1).
  static func isValue(_ value: Span<UInt8>) -> Bool {
    guard value.count > 0 else { return true }
    if isBlank(value[0]) || isBlank(value[value.count - 1]) { return false }
    return ByteScan.firstControl(in: value, from: 0) == value.count
  }

  /// Fields that are about a connection, which HTTP/2 has no use for (§8.2.2).
  static let connectionSpecific = FieldSet([
    .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .http2Settings,
  ])

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
