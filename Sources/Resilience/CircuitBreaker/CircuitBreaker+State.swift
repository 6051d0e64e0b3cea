extension CircuitBreaker {
  /// What a breaker is doing, as metrics, logs and the admin API name it.
  ///
  /// A breaker in shadow mode shows as `shadow` whatever it would be doing;
  /// `Figures.underlying` has that.
  public enum State: String, Sendable, Hashable, CaseIterable {
    /// Calls pass and are counted.
    case closed
    /// Calls are refused until the open time has passed.
    case open
    /// A few calls pass and decide.
    case halfOpen = "half_open"
    /// The breaker has closed, and calls return by and by: a growing share of them passes.
    case recovering
    /// Calls are refused until the mode is set again.
    case forcedOpen = "forced_open"
    /// Calls pass and are not counted.
    case disabled
    /// Calls pass; the breaker reports what it would have done.
    case shadow
  }

  /// Why a breaker changed its state, as metrics and logs name it.
  public enum Reason: String, Sendable, Hashable, CaseIterable {
    /// Too many calls of the window failed.
    case failureRate = "failure_rate"
    /// Too many calls of the window were slow.
    case slowCallRate = "slow_call_rate"
    /// Too many calls in a row failed.
    case consecutiveFailures = "consecutive_failures"
    /// The open time is over, and probes may go.
    case openTimeEnded = "open_time_ended"
    /// Too many probes failed.
    case probesFailed = "probes_failed"
    /// Too many probes were slow.
    case probesSlow = "probes_slow"
    /// The probes showed a healthy service.
    case probesSucceeded = "probes_succeeded"
    /// All traffic has returned.
    case recoveryEnded = "recovery_ended"
    /// Somebody set the mode.
    case modeSet = "mode_set"
  }
}
