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

  /// What a field that is no pseudo-field is. Errors: it may not stand in a message.
  static func classify(
    _ name: Span<UInt8>, _ value: Span<UInt8>
  ) throws(HeadFault) -> FieldName {
    guard isName(name) else { throw .badFieldName }
    guard isValue(value) else { throw .badFieldValue }
    let id = FieldName.classify(name)
    if id != .other, connectionSpecific.contains(id) { throw .connectionSpecificField }
    return id
  }

  /// Appends it to `block` as a line of text. Precondition: there is room for it and 4 bytes.
  static func appendLine(
    _ name: Span<UInt8>, _ value: Span<UInt8>, _ id: FieldName, to block: Buffer
  ) -> Field {
    let start = block.count
    block.append(name)
    block.append(": ")
    block.append(value)
    block.append("\r\n")
    return Field(
      name: ByteRange(start..<start + name.count),
      value: ByteRange(start + name.count + 2..<block.count - 2), id: id)
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
