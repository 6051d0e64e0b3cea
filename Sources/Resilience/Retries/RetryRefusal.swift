/// Why an attempt that ended badly is not made again; the raw value is the name in metrics and logs.
///
/// Closed, so that every request that failed once says why it was not tried twice.
@usableFromInline package enum RetryRefusal: String, Sendable, CaseIterable {
  /// The route retries nothing.
  case notConfigured = "not_configured"
  /// Part of the answer is on its way to the client.
  case responseBegun = "response_begun"
  /// What happened is not what the policy retries.
  case conditionUnmet = "condition_unmet"
  /// A proxy in front of us is retrying already; one layer does, not each.
  case retriedAbove = "retried_above"
  /// The service below has retried already.
  case retriedBelow = "retried_below"
  /// It may have been acted on, and twice is not harmless (rule 6 of ARCHITECTURE.md).
  case notSafe = "not_safe"
  /// It belongs to a login of its connection; on another it would be nobody's.
  case connectionLogin = "connection_login"
  /// More of the body went out than is kept.
  case bodyOutgrewBuffer = "body_outgrew_buffer"
  case attemptsSpent = "attempts_spent"
  /// The upstream's breaker refuses.
  case breakerOpen = "breaker_open"
  /// The answer's `Retry-After` is longer than the policy waits.
  case retryAfterTooLong = "retry_after_too_long"
  /// The request's time would be up before the attempt began.
  case deadline = "deadline"
  /// Too many retries of this upstream are under way.
  case budgetSpent = "budget_spent"
}
