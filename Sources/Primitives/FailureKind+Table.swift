extension FailureKind {
  /// Whose fault a failure is.
  package enum Side: String, Sendable {
    case downstream
    case local
    case upstream
  }

  /// Where on the journey a failure arises (ARCHITECTURE.md, Life of an exchange).
  package enum Stage: String, Sendable {
    case listener
    case requestHead = "request_head"
    case requestBody = "request_body"
    case routing
    case admission
    case pick
    case connect
    case attempt
    case responseHead = "response_head"
    case responseBody = "response_body"
    case response
  }

  /// Whether the failure allows another attempt (rule 6 of ARCHITECTURE.md).
  package enum Retry: Sendable {
    /// Never: the client's fault, or the answer has begun, or time is up.
    case never
    /// No byte of the request reached the endpoint, so any request may be tried again.
    case ifUnsent
    /// Proves nothing about what the endpoint did: only idempotent requests, or what the route
    /// opted into.
    case ifIdempotent
  }

  package struct Row: Sendable {
    package let name: StaticString
    package let side: Side
    package let stage: Stage
    package let retry: Retry
    /// What the client is answered while no response has begun; 499 is only recorded.
    package let status: UInt16
    /// The error type of RFC 9209 §2.3.
    package let proxyStatus: StaticString
  }

  /// The name in metrics (`reason`), logs (`failure`) and answers.
  package var name: String { "\(row.name)" }

  package var row: Row {
    switch self {
    case .malformedRequest, .requestHeadTooLarge, .requestTargetTooLong, .requestHeadTimeout,
      .requestBodyTooLarge, .requestBodyTooSlow, .requestTrailersTooLarge, .versionUnsupported,
      .expectationUnsupported, .connectDenied, .authorizationDenied, .downstreamClosed,
      .downstreamWriteStalled:
      downstreamRow
    case .noRoute, .routeMatchLimit, .noEndpoint, .downstreamConnectionsExceeded,
      .requestsExceeded, .pendingOverflow, .pendingTimeout, .pendingShed, .bufferBudgetExceeded,
      .descriptorsExhausted, .localPortsExhausted, .localMemoryExhausted, .connectProhibited,
      .requestTimeout, .totalTimeout, .drainTimeout:
      localRow
    case .deadlineUnreachable, .faultInjected, .rateLimited, .requestShed, .concurrencyLimited,
      .circuitOpen:
      policyRow
    case .nameUnresolved, .connectRefused, .connectTimeout, .connectFailed,
      .tlsCertificateError, .tlsProtocolError, .tlsAlertReceived, .upstreamReset,
      .upstreamClosed, .upstreamWriteStalled, .perTryTimeout, .malformedResponse,
      .responseHeadTooLarge, .responseTrailersTooLarge, .streamIdleTimeout, .responseIncomplete,
      .upgradeFailed:
      upstreamRow
    }
  }

  private static func downstream(
    _ name: StaticString, _ stage: Stage, _ status: UInt16,
    _ proxyStatus: StaticString = "http_request_error"
  ) -> Row {
    Row(
      name: name, side: .downstream, stage: stage, retry: .never, status: status,
      proxyStatus: proxyStatus)
  }

  private var downstreamRow: Row {
    switch self {
    case .malformedRequest: Self.downstream("malformed_request", .requestHead, 400)
    case .requestHeadTooLarge: Self.downstream("request_head_too_large", .requestHead, 431)
    case .requestTargetTooLong: Self.downstream("request_target_too_long", .requestHead, 414)
    case .requestHeadTimeout: Self.downstream("request_head_timeout", .requestHead, 408)
    case .requestBodyTooLarge: Self.downstream("request_body_too_large", .requestBody, 413)
    case .requestBodyTooSlow: Self.downstream("request_body_too_slow", .requestBody, 408)
    case .requestTrailersTooLarge:
      Self.downstream("request_trailers_too_large", .requestBody, 431)
    case .versionUnsupported: Self.downstream("version_unsupported", .requestHead, 505)
    case .expectationUnsupported: Self.downstream("expectation_unsupported", .requestHead, 417)
    case .connectDenied:
      Self.downstream("connect_denied", .routing, 403, "http_request_denied")
    case .authorizationDenied:
      Self.downstream("authorization_denied", .routing, 403, "http_request_denied")
    case .downstreamClosed:
      Self.downstream("downstream_closed", .response, 499, "connection_terminated")
    default:
      Self.downstream("downstream_write_stalled", .responseBody, 499, "connection_write_timeout")
    }
  }

  private static func local(
    _ name: StaticString, _ stage: Stage, _ status: UInt16, _ proxyStatus: StaticString,
    retry: Retry = .never
  ) -> Row {
    Row(
      name: name, side: .local, stage: stage, retry: retry, status: status,
      proxyStatus: proxyStatus)
  }

  private var localRow: Row {
    switch self {
    case .noRoute: Self.local("no_route", .routing, 404, "http_request_error")
    // Not a 4xx: nothing is wrong with the request. The pattern of a route cannot be decided within
    // its steps, which is the configuration's (RFC 9209 §2.3: 500).
    case .routeMatchLimit:
      Self.local("route_match_limit", .routing, 500, "proxy_configuration_error")
    case .noEndpoint: Self.local("no_endpoint", .pick, 503, "destination_unavailable")
    case .downstreamConnectionsExceeded:
      Self.local("downstream_connections_exceeded", .listener, 503, "connection_limit_reached")
    case .requestsExceeded:
      Self.local("requests_exceeded", .admission, 503, "connection_limit_reached")
    case .pendingOverflow:
      Self.local("pending_overflow", .admission, 503, "connection_limit_reached")
    case .pendingTimeout:
      Self.local("pending_timeout", .admission, 503, "connection_limit_reached")
    case .pendingShed:
      Self.local("pending_shed", .admission, 503, "connection_limit_reached")
    case .bufferBudgetExceeded:
      Self.local("buffer_budget_exceeded", .admission, 503, "connection_limit_reached")
    case .descriptorsExhausted:
      Self.local("descriptors_exhausted", .connect, 503, "connection_limit_reached")
    // Another endpoint may still be reached: ports are counted by destination, rules of a firewall
    // name one.
    case .localPortsExhausted:
      Self.local(
        "local_ports_exhausted", .connect, 503, "connection_limit_reached", retry: .ifUnsent)
    case .localMemoryExhausted:
      Self.local("local_memory_exhausted", .connect, 503, "connection_limit_reached")
    case .connectProhibited:
      Self.local("connect_prohibited", .connect, 502, "destination_ip_prohibited", retry: .ifUnsent)
    case .requestTimeout: Self.local("request_timeout", .attempt, 504, "http_response_timeout")
    case .totalTimeout: Self.local("total_timeout", .responseBody, 504, "http_response_timeout")
    case .drainTimeout: Self.local("drain_timeout", .response, 503, "connection_terminated")
    default: Self.local("internal_error", .response, 500, "proxy_internal_error")
    }
  }

  /// What a policy refused before any endpoint saw it.
  private var policyRow: Row {
    switch self {
    case .deadlineUnreachable:
      Self.local("deadline_unreachable", .admission, 504, "http_response_timeout")
    // The status is the route's; this one stands where it gives none.
    case .faultInjected:
      Self.local("fault_injected", .admission, 503, "http_request_denied")
    case .rateLimited: Self.local("rate_limited", .admission, 429, "http_request_denied")
    case .requestShed:
      Self.local("request_shed", .admission, 503, "connection_limit_reached")
    case .concurrencyLimited:
      Self.local("concurrency_limited", .admission, 503, "connection_limit_reached")
    default: Self.local("circuit_open", .admission, 503, "destination_unavailable")
    }
  }

  private static func upstream(
    _ name: StaticString, _ stage: Stage, _ retry: Retry, _ status: UInt16,
    _ proxyStatus: StaticString
  ) -> Row {
    Row(
      name: name, side: .upstream, stage: stage, retry: retry, status: status,
      proxyStatus: proxyStatus)
  }

  private var upstreamRow: Row {
    switch self {
    case .nameUnresolved:
      Self.upstream("name_unresolved", .connect, .ifUnsent, 502, "dns_error")
    case .connectRefused:
      Self.upstream("connect_refused", .connect, .ifUnsent, 502, "connection_refused")
    case .connectTimeout:
      Self.upstream("connect_timeout", .connect, .ifUnsent, 504, "connection_timeout")
    case .connectFailed:
      Self.upstream("connect_failed", .connect, .ifUnsent, 502, "destination_ip_unroutable")
    // No byte of a request is sent before the handshake is done and the peer is who was asked for.
    case .tlsCertificateError:
      Self.upstream("tls_certificate_error", .connect, .ifUnsent, 502, "tls_certificate_error")
    case .tlsProtocolError:
      Self.upstream("tls_protocol_error", .connect, .ifUnsent, 502, "tls_protocol_error")
    case .tlsAlertReceived:
      Self.upstream("tls_alert_received", .connect, .ifUnsent, 502, "tls_alert_received")
    case .upstreamReset:
      Self.upstream("upstream_reset", .attempt, .ifIdempotent, 502, "connection_terminated")
    case .upstreamClosed:
      Self.upstream("upstream_closed", .attempt, .ifIdempotent, 502, "connection_terminated")
    case .upstreamWriteStalled:
      Self.upstream(
        "upstream_write_stalled", .attempt, .ifIdempotent, 504, "connection_write_timeout")
    case .perTryTimeout:
      Self.upstream("per_try_timeout", .attempt, .ifIdempotent, 504, "http_response_timeout")
    case .malformedResponse:
      Self.upstream("malformed_response", .responseHead, .ifIdempotent, 502, "http_protocol_error")
    case .responseHeadTooLarge:
      Self.upstream(
        "response_head_too_large", .responseHead, .never, 502, "http_response_header_section_size")
    case .responseTrailersTooLarge:
      Self.upstream(
        "response_trailers_too_large", .responseBody, .never, 502,
        "http_response_trailer_section_size")
    case .streamIdleTimeout:
      Self.upstream("stream_idle_timeout", .responseBody, .never, 504, "connection_read_timeout")
    case .responseIncomplete:
      Self.upstream(
        "response_incomplete", .responseBody, .ifIdempotent, 502, "http_response_incomplete")
    default: Self.upstream("upgrade_failed", .responseHead, .never, 502, "http_upgrade_failed")
    }
  }
}
