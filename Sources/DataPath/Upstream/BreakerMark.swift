import Resilience

/// What a breaker said to a call, as its ticket remembers it; the raw value is the name in the
/// access log and in explanations.
package enum BreakerMark: String, Sendable, Equatable {
  /// There is no breaker, or it was not asked.
  case none
  /// It let the call through and counts it.
  case passed
  /// Half-open: the call is one of those that decide.
  case probe
  /// In shadow mode: it would have refused.
  case wouldRefuse = "would_refuse"

  init(_ ticket: CircuitBreaker.Ticket) {
    self = ticket.isProbe ? .probe : ticket.wouldRefuse ? .wouldRefuse : .passed
  }
}
