import Primitives
import Resilience

/// The breaker that refused a request, as it stood then, for `/explain`.
package struct BreakerRefusal: Sendable {
  package let scope: BreakerScope
  package let figures: CircuitBreaker.Figures
  /// How long before the refusal it had opened, in nanoseconds; nil: it has not opened.
  package let openedBefore: Int64?

  init(_ scope: BreakerScope, _ figures: CircuitBreaker.Figures, at now: Instant) {
    self.scope = scope
    self.figures = figures
    openedBefore = figures.opening.map { max(now.nanoseconds(since: $0.at), 0) }
  }
}
