import HTTPModel
import Primitives

/// Field lines that Weir writes itself in the place of ones that it received.
///
/// Names keep the case in which they came (decision 0011): services and clients that look for
/// `Content-Length` exactly find it. Names that nobody sent are Weir's own and in lower case.
enum FieldLine {
  /// Appends a name and `: `, as the client spelled it where it sent such a field, else `name`, in
  /// which they stand together. Cost: a bit is looked at. The room has been made sure of.
  @inline(__always)
  static func begin(
    _ id: FieldName, _ name: StaticString, _ head: RequestHead, _ bytes: Span<UInt8>,
    _ out: Buffer
  ) {
    if head.present.contains(id) { return beginAsReceived(id, head, bytes, out) }
    out.append(name)
  }

  private static func beginAsReceived(
    _ id: FieldName, _ head: RequestHead, _ bytes: Span<UInt8>, _ out: Buffer
  ) {
    guard let name = head.spelling(of: id) else { preconditionFailure("a field without a line") }
    out.append(bytes.extracting(name.bounds))
    out.append(": ")
  }
}
