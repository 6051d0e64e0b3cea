/// Every way in which an exchange can fail: the one closed table (rule 4 of ARCHITECTURE.md).
///
/// A kind fixes whose fault it is, where it can arise, whether another attempt is allowed, what the
/// client is answered and the names under which metrics, logs and `Proxy-Status` show it. The rows
/// stand in `FailureKind+Table.swift`; `docs/failures.md` is held against them by a test.
public enum FailureKind: UInt8, CaseIterable, Sendable {
  // Downstream: the client's bytes or behaviour.
  case malformedRequest
  case requestHeadTooLarge
  case requestTargetTooLong
  case requestHeadTimeout
  case requestBodyTooLarge
  case requestBodyTooSlow
  case requestTrailersTooLarge
  case versionUnsupported
  case expectationUnsupported
  case connectDenied
  case authorizationDenied
  case downstreamClosed
  case downstreamWriteStalled

  // Local: Weir's own decision, or its limits.
  case noRoute
  case routeMatchLimit
  case noEndpoint
  case deadlineUnreachable
  case faultInjected
  case rateLimited
  case requestShed
  case concurrencyLimited
  case circuitOpen
  case downstreamConnectionsExceeded
  case requestsExceeded
  case pendingOverflow
  case pendingTimeout
  case pendingShed
  case bufferBudgetExceeded
  case descriptorsExhausted
  case localPortsExhausted
  case localMemoryExhausted
  case connectProhibited
  case requestTimeout
  case totalTimeout
  case drainTimeout

  // Upstream: the endpoint or the way to it.
  case nameUnresolved
  case connectRefused
  case connectTimeout
  case connectFailed
  case tlsCertificateError
  case tlsProtocolError
  case tlsAlertReceived
  case upstreamReset
  case upstreamClosed
  case upstreamWriteStalled
  case perTryTimeout
  case malformedResponse
  case responseHeadTooLarge
  case responseTrailersTooLarge
  case streamIdleTimeout
  case responseIncomplete
  case upgradeFailed
}
