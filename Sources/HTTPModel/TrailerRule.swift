import Primitives

/// What is done with a trailer field of some name (RFC 9110 §6.5.1).
///
/// Refused with the message: what frames or routes it, since who sends that behind a body means to
/// smuggle. Dropped: what a service that merges trailers into the head would take for
/// authentication, what only a proxy in front may say, a request modifier, response control, the content's coding, or the ids that Weir
/// writes itself; those come from clients in good faith too. All else is kept.
package enum TrailerRule {
  case keep, drop, refuse

  package init(_ id: FieldName, _ name: Span<UInt8>) {
    if id == .other {
      self = Self.isDropped(name) ? .drop : .keep
    } else if Self.refused.contains(id) {
      self = .refuse
    } else {
      self = Self.dropped.contains(id) ? .drop : .keep
    }
  }

  private static let refused = FieldSet([
    .host, .connection, .keepAlive, .proxyConnection, .transferEncoding, .contentLength, .te,
    .trailer, .upgrade, .expect, .http2Settings, .forwarded, .xForwardedFor, .xForwardedProto,
    .xForwardedHost,
  ])

  private static let dropped = FieldSet([
    .disguised, .trustedOnly, .authorization, .proxyAuthorization, .wwwAuthenticate,
    .proxyAuthenticate, .contentType, .date, .retryAfter, .accept, .maxForwards, .idempotencyKey,
    .xRequestID, .grpcTimeout, .xEnvoyAttemptCount, .xEnvoyExpectedTimeout, .xEnvoyOverloaded,
    .xWeirPriority, .xWeirRetried, .traceparent, .tracestate, .b3, .xB3TraceID, .xB3SpanID,
    .xB3ParentSpanID, .xB3Sampled, .xB3Flags,
  ])

  /// By name, since only trailers ask for these.
  private static let droppedNames: [StaticString] = [
    "cookie", "set-cookie", "cache-control", "pragma", "range", "if-match", "if-none-match",
    "if-modified-since", "if-unmodified-since", "if-range",
    "age", "expires", "location", "vary", "warning",
    "content-encoding", "content-range", "content-location",
  ]

  /// A `_` for a `-` disguises none of them.
  private static func isDropped(_ name: Span<UInt8>) -> Bool {
    droppedNames.contains { ByteScan.equalFolded(name, $0) }
  }
}
