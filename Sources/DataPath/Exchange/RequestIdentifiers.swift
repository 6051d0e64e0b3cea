import Telemetry

/// What names the request in logs and traces, here and at the services behind.
struct RequestIdentifiers {
  var requestID = RequestID()
  /// Nil until the head is understood.
  var trace: TraceContext?
  /// The trace came in a `traceparent`, whose `tracestate` belongs to it.
  var continuesTraceparent = false
}
