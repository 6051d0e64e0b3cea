import HTTPModel
import Primitives

/// The trailer lines of a chunked body, kept to be sent on (RFC 9110 §6.5).
///
/// Why a class: a body without trailers carries a null reference and no array about.
final class TrailerSection: @unchecked Sendable {
  // SAFETY: one decoder's, which is used by one loop.
  /// Whole, validated lines, each with its CRLF.
  private(set) var bytes: [UInt8] = []
  private var lineStart = 0
  private var count = 0

  /// What a trailer must not say: framing, routing, or how to read the content (RFC 9110 §6.5.1).
  private static let forbidden = FieldSet([
    .host, .connection, .keepAlive, .proxyConnection, .transferEncoding, .contentLength, .te,
    .trailer, .upgrade, .expect, .contentType, .forwarded, .xForwardedFor, .xForwardedProto,
    .xForwardedHost,
  ])

  var isEmpty: Bool { bytes.isEmpty }

  /// True: the byte ended a line.
  func take(_ byte: UInt8, _ limits: BodyLimits) throws(BodyFault) -> Bool {
    guard bytes.count < limits.trailerBytesMax else { throw .trailersTooLarge }
    bytes.append(byte)
    guard byte == 0x0A else { return false }
    let end = bytes.count - 2
    guard end > lineStart, bytes[end] == 0x0D else { throw .badTrailer }
    try check(lineStart..<end)
    count += 1
    guard count <= limits.trailerFieldsMax else { throw .trailersTooLarge }
    lineStart = bytes.count
    return true
  }

  private func check(_ line: Range<Int>) throws(BodyFault) {
    let held = bytes
    let span = held.span
    guard ByteScan.firstControl(in: span, from: line.lowerBound) == line.upperBound else {
      throw .badTrailer
    }
    let field: Field
    do throws(HeadFault) {
      field = try FieldParser.field(in: span, line: line)
    } catch {
      throw .badTrailer
    }
    if field.id != .other, Self.forbidden.contains(field.id) { throw .forbiddenTrailer }
  }
}
