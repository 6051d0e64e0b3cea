import HTTPModel
import Primitives
import Telemetry

/// Reads and writes the trace fields of a request.
enum TraceFields {
  /// What is not copied: written anew from what was understood.
  static let names = FieldSet([
    .traceparent, .b3, .xB3TraceID, .xB3SpanID, .xB3ParentSpanID, .xB3Sampled, .xB3Flags,
  ])

  /// The context that came with the request, or one that begins here: as the caller decided of its
  /// sampling, or sampled. `isTraceparent`: it came in a `traceparent`.
  static func read(
    _ head: RequestHead, _ bytes: Span<UInt8>, _ random: inout RandomSource,
    isTraceparent: inout Bool
  ) -> TraceContext {
    isTraceparent = false
    if head.present.isDisjoint(with: names) { return .begun(&random) }
    if let range = only(.traceparent, head),
      let context = TraceContext(traceparent: bytes.extracting(range.bounds))
    {
      isTraceparent = true
      return context
    }
    if let context = readB3(head, bytes) { return context }
    var begun = TraceContext.begun(&random)
    begun.isSampled = decision(head, bytes) ?? true
    return begun
  }

  private static func readB3(_ head: RequestHead, _ bytes: Span<UInt8>) -> TraceContext? {
    if let range = only(.b3, head), let context = TraceContext(b3: bytes.extracting(range.bounds)) {
      return context
    }
    guard let trace = only(.xB3TraceID, head), let span = only(.xB3SpanID, head) else { return nil }
    let sampled = only(.xB3Sampled, head) ?? .empty
    return TraceContext(
      b3TraceID: bytes.extracting(trace.bounds), spanID: bytes.extracting(span.bounds),
      sampled: bytes.extracting(sampled.bounds))
  }

  /// B3's without a trace: `b3: 0`, `X-B3-Sampled`, or `X-B3-Flags: 1` for debug.
  private static func decision(_ head: RequestHead, _ bytes: Span<UInt8>) -> Bool? {
    if let range = only(.b3, head) {
      return TraceContext.decision(b3: bytes.extracting(range.bounds))
    }
    if let flags = only(.xB3Flags, head), flags.count == 1, bytes[Int(flags.start)] == 0x31 {
      return true
    }
    guard let sampled = only(.xB3Sampled, head) else { return nil }
    return TraceContext.decision(b3: bytes.extracting(sampled.bounds))
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
