import HTTPModel
import Primitives
import Telemetry

/// Reads and writes the trace fields of a request.
enum TraceFields {
  /// What is not copied: written anew from what was understood.
  static let names = FieldSet([
    .traceparent, .b3, .xB3TraceID, .xB3SpanID, .xB3ParentSpanID, .xB3Sampled, .xB3Flags,
  ])

  /// The context that came with the request, or one that begins here as the caller decided of its
  /// sampling; nil: none, or none that can be believed.
  static func read(_ head: RequestHead, _ bytes: Span<UInt8>) -> TraceContext? {
    if head.present.isDisjoint(with: names) { return nil }
    if let range = only(.traceparent, head),
      let context = TraceContext(traceparent: bytes.extracting(range.bounds))
    {
      return context
    }
    if let range = only(.b3, head) {
      let text = bytes.extracting(range.bounds)
      if let context = TraceContext(b3: text) { return context }
      if let isSampled = TraceContext.decision(b3: text) { return begun(isSampled) }
    }
    guard let trace = only(.xB3TraceID, head), let span = only(.xB3SpanID, head) else {
      return decision(head, bytes).map(begun)
    }
    let sampled = only(.xB3Sampled, head) ?? .empty
    return TraceContext(
      b3TraceID: bytes.extracting(trace.bounds), spanID: bytes.extracting(span.bounds),
      sampled: bytes.extracting(sampled.bounds))
  }

  /// B3 in several fields without a trace: `X-B3-Sampled`, or `X-B3-Flags: 1` for debug.
  private static func decision(_ head: RequestHead, _ bytes: Span<UInt8>) -> Bool? {
    if let flags = only(.xB3Flags, head), flags.count == 1, bytes[Int(flags.start)] == 0x31 {
      return true
    }
    guard let sampled = only(.xB3Sampled, head) else { return nil }
    return TraceContext.decision(b3: bytes.extracting(sampled.bounds))
  }

  /// Rare enough to be seeded each time.
  private static func begun(_ isSampled: Bool) -> TraceContext {
    var random = RandomSource(seed: .random(in: .min ... .max))
    var context = TraceContext.begun(&random)
    context.isSampled = isSampled
    return context
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
