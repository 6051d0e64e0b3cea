/// The field names that Weir itself reads, writes or drops; every other name is `other`.
///
/// Why: the decoder classifies a name once, by length and first bytes, so that later stages compare
/// one byte instead of text. At most 64 cases, so that `FieldSet` is one word.
@usableFromInline package enum FieldName: UInt8, CaseIterable, Sendable {
  case other
  /// A known name with `_`, or another mark, for a `-` (`X_Forwarded_For`, `X.Forwarded.For`). It crosses no hop, whoever sends it: a
  /// service behind CGI or WSGI is given both spellings as `HTTP_X_FORWARDED_FOR` (RFC 3875
  /// §4.1.18) and would believe of a stranger what Weir takes care to write itself. nginx drops
  /// every name with `_` by default; other names than the known keep theirs here.
  case disguised
  /// A name by which a proxy in front vouches for its client, or tells the next hop what to do, and
  /// that Weir itself neither reads nor writes (`x-real-ip`; the list: `TrustedNames`). Decoders tell
  /// of it in `present`; the field itself stands as `other`.
  case trustedOnly
  case host
  case connection
  case keepAlive
  case proxyConnection
  case transferEncoding
  case contentLength
  case te
  case trailer
  case upgrade
  case expect
  case date
  case server
  case via
  case forwarded
  case xForwardedFor
  case xForwardedProto
  case xForwardedHost
  case xRequestID
  case traceparent
  case tracestate
  case b3
  case xB3TraceID
  case xB3SpanID
  case xB3ParentSpanID
  case xB3Sampled
  case xB3Flags
  case userAgent
  case accept
  case contentType
  case authorization
  case proxyAuthorization
  case wwwAuthenticate
  case proxyAuthenticate
  case proxySupport
  case persistentAuth
  case retryAfter
  case proxyStatus
  case idempotencyKey
  case http2Settings
  case maxForwards
  case grpcTimeout
  case xEnvoyAttemptCount
  case xEnvoyExpectedTimeout
  case xEnvoyOverloaded
  case xWeirPriority
  case xWeirRetried

  // Said outright: what enums with raw values inherit is generic, and is called for every field.
  @inlinable @inline(__always) package static func == (left: FieldName, right: FieldName) -> Bool {
    left.rawValue == right.rawValue
  }

  @inlinable @inline(__always) package static func != (left: FieldName, right: FieldName) -> Bool {
    left.rawValue != right.rawValue
  }

  /// The name in lower case, as HTTP/2 writes it; empty for `other`, `disguised` and
  /// `trustedOnly`.
  @usableFromInline package var text: StaticString {
    switch self {
    case .other, .disguised, .trustedOnly: ""
    case .host: "host"
    case .connection: "connection"
    case .keepAlive: "keep-alive"
    case .proxyConnection: "proxy-connection"
    case .transferEncoding: "transfer-encoding"
    case .contentLength: "content-length"
    case .te: "te"
    case .trailer: "trailer"
    case .upgrade: "upgrade"
    case .expect: "expect"
    case .date: "date"
    case .server: "server"
    case .via: "via"
    case .forwarded: "forwarded"
    case .xForwardedFor: "x-forwarded-for"
    case .xForwardedProto: "x-forwarded-proto"
    case .xForwardedHost: "x-forwarded-host"
    case .xRequestID: "x-request-id"
    case .traceparent: "traceparent"
    case .tracestate: "tracestate"
    case .b3: "b3"
    case .xB3TraceID: "x-b3-traceid"
    case .xB3SpanID: "x-b3-spanid"
    case .xB3ParentSpanID: "x-b3-parentspanid"
    case .xB3Sampled: "x-b3-sampled"
    case .xB3Flags: "x-b3-flags"
    case .userAgent: "user-agent"
    case .accept: "accept"
    case .contentType: "content-type"
    case .authorization: "authorization"
    case .proxyAuthorization: "proxy-authorization"
    case .wwwAuthenticate: "www-authenticate"
    case .proxyAuthenticate: "proxy-authenticate"
    case .proxySupport: "proxy-support"
    case .persistentAuth: "persistent-auth"
    case .retryAfter: "retry-after"
    case .proxyStatus: "proxy-status"
    case .idempotencyKey: "idempotency-key"
    case .http2Settings: "http2-settings"
    case .maxForwards: "max-forwards"
    case .grpcTimeout: "grpc-timeout"
    case .xEnvoyAttemptCount: "x-envoy-attempt-count"
    case .xEnvoyExpectedTimeout: "x-envoy-expected-rq-timeout-ms"
    case .xEnvoyOverloaded: "x-envoy-overloaded"
    case .xWeirPriority: "x-weir-priority"
    case .xWeirRetried: "x-weir-retried"
    }
  }
}
