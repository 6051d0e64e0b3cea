extension FailureKind {
  /// What a client of gRPC is told in place of the row's status; `status`: what the client of another
  /// protocol is answered.
  ///
  /// The mapping of HTTP's statuses (gRPC's `doc/http-grpc-status-mapping.md`) where gRPC's own list
  /// (`doc/statuscodes.md`) has no nearer word. UNAVAILABLE is what clients retry by themselves, so that
  /// a time that ran out while the endpoint had the request is DEADLINE_EXCEEDED.
  package func grpcStatus(status: UInt16) -> GRPCStatus {
    switch self {
    // The status is the route's.
    case .faultInjected: GRPCStatus(httpStatus: status)
    case .malformedRequest, .malformedResponse, .routeMatchLimit, .upgradeFailed: .internal
    case .requestHeadTooLarge, .requestTargetTooLong, .requestBodyTooLarge,
      .requestTrailersTooLarge, .responseHeadTooLarge, .responseTrailersTooLarge, .rateLimited:
      .resourceExhausted
    case .requestHeadTimeout, .requestBodyTooSlow, .deadlineUnreachable, .requestTimeout,
      .totalTimeout, .perTryTimeout, .streamIdleTimeout, .upstreamWriteStalled:
      .deadlineExceeded
    case .versionUnsupported, .expectationUnsupported, .noRoute: .unimplemented
    case .connectDenied, .authorizationDenied: .permissionDenied
    case .downstreamClosed, .downstreamWriteStalled: .cancelled
    case .noEndpoint, .requestShed, .concurrencyLimited, .circuitOpen,
      .downstreamConnectionsExceeded, .requestsExceeded, .pendingOverflow, .pendingTimeout,
      .pendingShed, .bufferBudgetExceeded, .descriptorsExhausted, .localPortsExhausted,
      .localMemoryExhausted, .connectProhibited, .drainTimeout, .nameUnresolved, .connectRefused,
      .connectTimeout, .connectFailed, .tlsCertificateError, .tlsProtocolError, .tlsAlertReceived,
      .upstreamReset, .upstreamClosed, .responseIncomplete:
      .unavailable
    }
  }
}
