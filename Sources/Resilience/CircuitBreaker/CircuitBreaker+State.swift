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
    case forcedOpen = "forced_open"
    case disabled
    case shadow
  }

  /// Why a breaker changed its state, as metrics and logs name it.
  public enum Reason: String, Sendable, Hashable, CaseIterable {
    case failureRate = "failure_rate"
    case slowCallRate = "slow_call_rate"
    case consecutiveFailures = "consecutive_failures"
    case openTimeEnded = "open_time_ended"
    case probesFailed = "probes_failed"
    case probesSlow = "probes_slow"
    case probesSucceeded = "probes_succeeded"
    /// Somebody set the mode.
    case modeSet = "mode_set"
  }
}
