import HTTPModel
import Primitives
import Telemetry

/// Reads and writes the trace fields of a request.
enum TraceFields {
  /// What is not copied: written anew from what was understood.
  static let names = FieldSet([
    .traceparent, .b3, .xB3TraceID, .xB3SpanID, .xB3ParentSpanID, .xB3Sampled, .xB3Flags,
  ])

  /// The context that came with the request; nil: none, or none that can be believed.
  static func read(
    _ head: RequestHead, _ bytes: Span<UInt8>, isTraceparent: inout Bool
  ) -> TraceContext? {
    if head.present.isDisjoint(with: names) { return nil }
    if let range = only(.traceparent, head),
      let context = TraceContext(traceparent: bytes.extracting(range.bounds))
    {
      isTraceparent = true
      return context
    }
    if let range = only(.b3, head),
      let context = TraceContext(b3: bytes.extracting(range.bounds))
    {
      return context
    }
    guard let trace = only(.xB3TraceID, head), let span = only(.xB3SpanID, head) else { return nil }
    let sampled = only(.xB3Sampled, head) ?? .empty
    return TraceContext(
      b3TraceID: bytes.extracting(trace.bounds), spanID: bytes.extracting(span.bounds),
      sampled: bytes.extracting(sampled.bounds))
  }

  /// The value of a field that occurs once: W3C §3.2.1 forbids more.
  private static func only(_ name: FieldName, _ head: RequestHead) -> ByteRange? {
    guard head.present.contains(name) else { return nil }
    var found: ByteRange?
    for field in head.fields where field.id == name {
      if found != nil { return nil }
      found = field.value
    }
    return found
  }
}
