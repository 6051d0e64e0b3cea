import Primitives

/// Whether an attempt is made again, and when.
///
/// ```
/// attempt ended ─ wanted? ─ alone in retrying? ─ safe? ─ possible? ─ in time? ─ budget? ─ again
///                    │              │               │        │           │          │
///                    └──────────────┴───────────────┴─ no(refusal) ──────┴──────────┘
/// ```
/// The questions stand from the cheapest and surest to the one with an effect: the budget is asked
/// last, because a yes takes a place in it. Pure but for that. Cost: a few comparisons and a draw.
@usableFromInline package enum RetryDecision: Sendable, Hashable {
  /// The place in the budget is taken; give it back when the attempt has ended.
  case again(afterNanoseconds: Int64)
  case no(RetryRefusal)

  /// - Parameters:
  ///   - policy: the route's; nil where it has none.
  ///   - attemptsMade: those of this request so far, the one that ended included.
  ///   - remainingNanoseconds: of the request's time; `Int64.max` without a deadline.
  ///   - budget: takes a place in the upstream's budget if there is one.
  @inlinable
  package static func decide(
    _ evidence: RetryEvidence, policy: RetryPolicy?, attemptsMade: Int,
    remainingNanoseconds: Int64 = .max, isBreakerOpen: Bool = false, random: inout RandomSource,
    budget: @autoclosure () -> Bool
  ) -> RetryDecision {
    guard let policy, policy.isRetrying else { return .no(.notConfigured) }
    if let refusal = policy.refusal(
      of: evidence, attemptsMade: attemptsMade, isBreakerOpen: isBreakerOpen)
    {
      return .no(refusal)
    }
    var wait = policy.backoff.nanoseconds(retry: attemptsMade, random: &random)
    if let retryAfter = evidence.retryAfterNanoseconds, retryAfter > 0 {
      if retryAfter > policy.retryAfterMaxNanoseconds { return .no(.retryAfterTooLong) }
      // On top of it, because all who were told the same time return at it.
      wait = retryAfter.addingReportingOverflow(wait).overflow ? .max : retryAfter &+ wait
    }
    if wait >= remainingNanoseconds { return .no(.deadline) }
    return budget() ? .again(afterNanoseconds: wait) : .no(.budgetSpent)
  }
}
