import HTTPModel
import Primitives

/// Where a head's fields go, one after the other: text for HTTP/1.1, names and values for a codec
/// that compresses them.
///
/// What is forwarded, left out and added is decided once, by those who write into a sink, whatever
/// the other side speaks. A value is appended to `out` between `begin` and `end`; whoever writes
/// makes sure of the room there, 4 bytes a field beside name and value. Generic code over it is
/// specialised, so a field costs no indirect call.
protocol FieldSink {
  var out: Buffer { get }

  /// A field begins by that name, which is in lower case and stands with the `: ` that text has behind
  /// it, so that text is written in one piece.
  func begin(_ name: StaticString)

  /// The same by a name as somebody spelled it, who is passed on as he wrote (decision 0011).
  func begin(as name: Span<UInt8>)

  func end()

  /// Copies the fields in order but the known names in `omitted`, the names in `others` (lower case;
  /// a `_` for their `-` does not save a field) and, where `nominatesOthers`, those that a
  /// `Connection` field of the same table nominates (RFC 9110 §7.6.1). False, and nothing appended:
  /// they do not fit.
  func copy(
    _ fields: [Field], of bytes: Span<UInt8>, omitting omitted: FieldSet, others: [[UInt8]],
    nominatesOthers: Bool
  ) -> Bool

  /// The fields that a route adds; false: they do not fit.
  func add(_ edits: HeaderEdits) -> Bool
}

extension FieldSink {
  /// Names keep the case in which they came (decision 0011): services and clients that look for
  /// `Content-Length` exactly find it. Names that nobody sent are Weir's own and in lower case. Cost:
  /// a bit is looked at.
  @inline(__always)
  func begin(
    _ id: FieldName, _ name: StaticString, _ head: RequestHead, _ bytes: Span<UInt8>
  ) {
    if head.present.contains(id) { return beginAsReceived(id, head, bytes) }
    begin(name)
  }

  func beginAsReceived(_ id: FieldName, _ head: RequestHead, _ bytes: Span<UInt8>) {
    guard let name = head.spelling(of: id) else { preconditionFailure("a field without a line") }
    begin(as: bytes.extracting(name.bounds))
  }

  /// False, and nothing appended: it does not fit.
  @inline(__always)
  func put(_ name: StaticString, _ value: Span<UInt8>) -> Bool {
    guard name.utf8CodeUnitCount + value.count + 2 <= out.writableCount else { return false }
    begin(name)
    out.append(value)
    end()
    return true
  }

  /// The same by a name as somebody spelled it.
  func put(as name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
    guard name.count + value.count + 4 <= out.writableCount else { return false }
    begin(as: name)
    out.append(value)
    end()
    return true
  }
}
