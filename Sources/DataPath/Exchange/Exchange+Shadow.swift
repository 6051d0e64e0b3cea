import Primitives
import Resilience
import Upstreams

/// Policies that are watched before they act: what each would have refused is noted, and the request
/// goes on. As if: what would have been refused takes no place that others are then refused for.
extension Exchange {
  func noteShadow(_ policy: ShadowPolicy, _ state: UpstreamState) {
    notes.shadows.insert(ShadowPolicies(policy))
    state.ledger.note(policy)
  }

  /// The adaptive limit has no place for the request's class; nil: it goes on all the same.
  func refusal(by limiter: ConcurrencyLimiter, _ ceiling: Share, _ state: UpstreamState)
    -> FailureKind?
  {
    if ceiling < .all, limiter.inFlight < limiter.limit {
      guard state.shadows.contains(.shedding) else { return .requestShed }
      noteShadow(.shedding, state)
      // Without shedding any class may fill it.
      if limiter.acquire(.all) {
        hold.takes(.limiter)
        return nil
      }
    }
    guard state.shadows.contains(.adaptiveConcurrency) else { return .concurrencyLimited }
    noteShadow(.adaptiveConcurrency, state)
    return nil
  }

  /// `limits.requests` has no place for the request's class; nil: it goes on all the same.
  func refusal(byRequestsOf state: UpstreamState, _ ceiling: Share) -> FailureKind? {
    if ceiling < .all, state.limits.used(.requests) < state.limits.most(.requests) {
      guard state.shadows.contains(.shedding) else { return .requestShed }
      noteShadow(.shedding, state)
      if state.limits.acquire(.requests, .all) {
        hold.takes(.requestSlot)
        return nil
      }
    }
    guard state.shadows.contains(.requests) else { return .requestsExceeded }
    noteShadow(.requests, state)
    return nil
  }
}
