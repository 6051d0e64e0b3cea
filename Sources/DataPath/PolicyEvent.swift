import Primitives
import Resilience

/// A change that operators want to know of: it is logged, counted and shown in `/upstreams`.
package enum PolicyEvent: Sendable {
  /// `subject`: the upstream's name, the route's or the endpoint's address.
  case breaker(BreakerScope, upstream: String, subject: String, CircuitBreaker.Transition)
  case ejected(upstream: String, endpoint: String, reason: String, forNanoseconds: Int64)
  /// `cause`: the raw value of an `OutlierDetector.ReturnCause`.
  case returned(upstream: String, endpoint: String, cause: String)
}
