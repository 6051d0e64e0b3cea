import Primitives

extension OutlierDetector {
  /// Why an endpoint was ejected, as metrics and logs name it.
  package enum Cause: String, Sendable, Hashable, CaseIterable {
    case consecutive5xx = "consecutive_5xx"
    case consecutiveGatewayFailures = "consecutive_gateway_failures"
    case consecutiveLocalOriginFailures = "consecutive_local_origin_failures"
    case connectRefused = "connect_refused"
    case wrongIdentity = "wrong_identity"
    case successRate = "success_rate"
    case failurePercentage = "failure_percentage"
    case latency
  }

  /// An endpoint was set aside.
  package struct Ejection: Sendable, Equatable {
    package let slot: Int
    package let cause: Cause
    package let at: Instant
    package let until: Instant
    /// How many base times it lasts, before the ceiling.
    package let count: Int
  }

  /// Why an ejected endpoint is back.
  package enum ReturnCause: String, Sendable, Hashable, CaseIterable {
    case timeServed = "time_served"
    case healthCheck = "health_check"
    /// The last one that had not failed has failed too: who was ejected before it may be well again.
    case lastResort = "last_resort"
    /// Others left, and the share of ejected ones would have been exceeded.
    case membership
  }

  package enum Change: Sendable, Equatable {
    case ejected(Ejection)
    case returned(slot: Int, cause: ReturnCause, at: Instant)
  }
}
