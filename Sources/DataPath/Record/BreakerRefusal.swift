import Primitives
import Resilience

/// The breaker that refused a request, as it stood then, for `/explain`.
package struct BreakerRefusal: Sendable {
  package let scope: BreakerScope
  /// The endpoint whose breaker it was, the one that opened last of all of them; nil: another scope.
  package let endpoint: String?
  package let figures: CircuitBreaker.Figures
  /// How long before the refusal it had opened, in nanoseconds; nil: it has not opened.
  package let openedBefore: Int64?

  init(
    _ scope: BreakerScope, _ figures: CircuitBreaker.Figures, endpoint: String? = nil,
    at now: Instant
  ) {
    self.scope = scope
    self.endpoint = endpoint
    self.figures = figures
    openedBefore = figures.opening.map { max(now.nanoseconds(since: $0.at), 0) }
  }
}
