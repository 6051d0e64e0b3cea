import Resilience

/// A circuit breaker of a route, an upstream or an endpoint, and what counts as a failure for it.
///
/// At least one of the policy's conditions is on; its `openFor` is not above `openForMax`.
package struct BreakerConfiguration: Sendable, Equatable {
  package var policy: CircuitBreakerPolicy
  package var classifier: OutcomeClassifier
}
