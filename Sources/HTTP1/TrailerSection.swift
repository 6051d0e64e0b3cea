import HTTPModel
import Primitives

/// The trailer fields of a chunked body, kept to be sent on (RFC 9110 §6.5).
///
/// A trailer that says what only a head may is never sent on (RFC 9110 §6.5.1; a recipient may
/// discard any). `TrailerRule` tells which are refused and which are dropped. Why a class: a body
/// without trailers carries a null reference and no array about.
final class TrailerSection: @unchecked Sendable {
  // SAFETY: one decoder's, which is used by one loop.
  /// The lines that are kept, each with its CRLF, and behind them the one that is being read.
  private var bytes: [UInt8] = []
  private var fields: [Field] = []
  private var lineStart = 0
  /// Bytes and lines seen, those dropped included.
  private var takenBytes = 0
  private var takenLines = 0

  var isEmpty: Bool { fields.isEmpty }

  /// True: the byte ended a line.
  func take(_ byte: UInt8, _ limits: BodyLimits) throws(BodyFault) -> Bool {
    guard takenBytes < limits.trailerBytesMax else { throw .trailersTooLarge }
    takenBytes += 1
    bytes.append(byte)
    guard byte == 0x0A else { return false }
    let end = bytes.count - 2
    guard end > lineStart, bytes[end] == 0x0D else { throw .badTrailer }
    let field = try decode(lineStart..<end)
    takenLines += 1
    guard takenLines <= limits.trailerFieldsMax else { throw .trailersTooLarge }
    if let field {
      fields.append(field)
    } else {
      bytes.removeSubrange(lineStart...)
    }
    lineStart = bytes.count
    return true
  }

  /// The field of a line that is whole; nil: it is dropped.
  private func decode(_ line: Range<Int>) throws(BodyFault) -> Field? {
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
    switch TrailerRule(field.id, span.extracting(field.name.bounds)) {
    case .keep: return field
    case .drop: return nil
    case .refuse: throw .forbiddenTrailer
    }
  }

  /// Appends the lines but those left out; false, and nothing appended, if they do not fit.
  func append(omitting omitted: FieldSet, others: [[UInt8]], to out: Buffer) -> Bool {
    let held = bytes
    return HeadEncoder.copyFields(
      fields, of: held.span, omitting: omitted, others: others, nominatesOthers: false, to: out)
  }
}
