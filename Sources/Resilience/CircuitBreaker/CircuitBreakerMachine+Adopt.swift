import Primitives

extension CircuitBreakerMachine {
  /// Goes on by another policy. What was counted was counted by other rules and begins anew; what
  /// was decided stays: an open breaker stays open, until its new open time has passed since it
  /// opened, a half-open one probes anew, and a ramp goes on towards its new end. A mode that was
  /// set by hand stays too, unless the policy's own mode has changed.
  ///
  /// Why: whoever edits `open_for` in the middle of an outage does not mean to let the traffic in.
  /// The transition that a change of the mode is; nil: the state is the same.
  package mutating func adopt(
    _ policy: CircuitBreakerPolicy, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    let isModeChanged = policy.mode != configuredMode
    configuredMode = policy.mode
    window = CallWindow(policy.window)
    rules = Rules(policy, windowCapacity: window.capacity)
    generation += 1
    consecutive = 0
    probes = Probes()
    if phase == .open { until = openedAt.advanced(byNanoseconds: openTime(after: openings - 1)) }
    if let start = ramp?.lowerBound {
      ramp = rules.recovery == 0 ? nil : start..<start + rules.recovery
      if ramp == nil {
        forgetOpenings()
        hasUntoldRecovery = true
      }
    }
    return isModeChanged ? set(policy.mode, now) : nil
  }
}
