import Primitives
import Resilience

/// What follows an attempt that ended: it is made again (`fresh`, `again`), the hedge takes its place
/// (`promote`), its answer goes on or is kept (`pass`, `keep`), or the request ends (`end`).
///
/// Only what cannot act twice is sent again (rule 6 of ARCHITECTURE.md).
extension AttemptLoop {
  /// Behind a failure.
  package enum Next: Hashable {
    /// The hedge is what is left: it takes the attempt's place (`hedgePromoted`).
    case promote
    /// The attempt is made again at once, on a connection that nobody has used: a kept one had been
    /// closed as the request went out.
    case fresh
    /// Another attempt is made then. A place in the retry budget is taken for it, and `retryBegins`
    /// follows once the attempt before has been told of.
    case again(afterNanoseconds: Int64)
    /// There is no further attempt: the request ends, or the route's fallback takes over (`fallsBack`).
    case end(RetryRefusal?)
  }

  /// Behind an answer.
  package enum AnswerNext: Hashable {
    /// The answer goes to the client; `refusal` says why it is not asked for again, if the route would.
    case pass(RetryRefusal?)
    /// The answer is kept, undelivered, until the hedge has ended.
    case keep
    /// As behind a failure.
    case again(afterNanoseconds: Int64)
  }

  /// What a decision needs to know besides the attempt.
  package struct Circumstances {
    /// The route's; nil: it retries nothing.
    package var policy: RetryPolicy?
    package var budget: RetryBudget?
    /// What is left of the request's time; `Int64.max` without a deadline.
    package var remainingNanoseconds: Int64
    /// The breaker of the upstream refuses requests.
    package var isBreakerOpen: Bool
    /// The attempt went out on a connection that had carried a request before, and that another request
    /// need not keep to.
    package var isOnUsedConnection = false

    package init(
      policy: RetryPolicy?, budget: RetryBudget?, remainingNanoseconds: Int64, isBreakerOpen: Bool,
      isOnUsedConnection: Bool = false
    ) {
      self.policy = policy
      self.budget = budget
      self.remainingNanoseconds = remainingNanoseconds
      self.isBreakerOpen = isBreakerOpen
      self.isOnUsedConnection = isOnUsedConnection
    }
  }

  /// The attempt failed as `failure`, without an answer that could be passed on: promote, fresh, again
  /// or end.
  package mutating func failed(
    _ failure: FailureKind, _ evidence: RetryEvidence, _ circumstances: borrowing Circumstances,
    _ random: inout RandomSource
  ) -> Next {
    if isHedged { return .promote }
    if circumstances.isOnUsedConnection, isStale(failure, evidence) {
      reason = .staleConnection
      needsFresh = true
      hasReplaced = true
      return .fresh
    }
    // What was refused here is not an attempt that could be made again.
    guard failure.row.side == .upstream || failure.row.retry != .never else { return .end(nil) }
    switch again(evidence, circumstances, &random) {
    case .again(let nanoseconds): return .again(afterNanoseconds: nanoseconds)
    case .no(let refusal): return .end(refusal)
    case nil: return .end(nil)
    }
  }

  /// Whether an answer may be anything but passed on: a cheap question before `answered`.
  @inlinable @inline(__always)
  package func mindsAnswer(_ status: UInt16, _ policy: RetryPolicy?) -> Bool {
    isHedged || (policy != nil && Self.isWanted(status, policy))
  }

  /// The head of an answer is there, and `outcome` is what it says of the endpoint: pass, keep or again.
  package mutating func answered(
    _ status: UInt16, _ outcome: Outcome, _ evidence: RetryEvidence,
    _ circumstances: borrowing Circumstances, _ random: inout RandomSource
  ) -> AnswerNext {
    let isWanted = Self.isWanted(status, circumstances.policy)
    if isHedged, isWanted || Self.isWorthWaiting(status, outcome) {
      keepsAnswer = true
      return .keep
    }
    guard isWanted else { return .pass(nil) }
    switch again(evidence, circumstances, &random) {
    case .again(let nanoseconds): return .again(afterNanoseconds: nanoseconds)
    case .no(let refusal): return .pass(refusal)
    case nil: return .pass(nil)
    }
  }

  @usableFromInline
  static func isWanted(_ status: UInt16, _ policy: RetryPolicy?) -> Bool {
    policy?.conditions.matchesAnswer(status: status, grpcStatus: nil) ?? false
  }

  /// The hedge was answered first. A bad answer that is quick does not cut a first attempt that may yet
  /// be answered well: false.
  package func hedgeWins(_ status: UInt16, _ outcome: Outcome) -> Bool {
    !Self.isWorthWaiting(status, outcome)
  }

  /// An answer that another attempt, which is out already, may better: a failure of the service, or
  /// "not now". What the service does for nobody (501, 505) is no better elsewhere.
  private static func isWorthWaiting(_ status: UInt16, _ outcome: Outcome) -> Bool {
    status >= 500 && status != 501 && status != 505 || outcome != .success
  }

  /// A kept connection had been closed as we wrote: once, and on a fresh one, without a policy.
  /// One that is slow is not: its retry is the policy's, with its attempts and its budget.
  private func isStale(_ failure: FailureKind, _ evidence: RetryEvidence) -> Bool {
    guard failure == .upstreamClosed || failure == .upstreamReset, begun == 1,
      evidence.isBodyReplayable
    else { return false }
    return RetrySafety.maySendAgain(
      RetrySafety.Evidence(
        failure: failure, isIdempotent: evidence.isIdempotent,
        bytesWritten: evidence.bytesWritten, responseHasBegun: evidence.responseHasBegun))
  }

  /// Nil: the route has no policy.
  private mutating func again(
    _ evidence: RetryEvidence, _ circumstances: borrowing Circumstances,
    _ random: inout RandomSource
  ) -> RetryDecision? {
    guard let policy = circumstances.policy else { return nil }
    let budget = circumstances.budget
    // One that was a retry itself is over.
    retryEnded(budget)
    let decision = RetryDecision.decide(
      evidence, policy: policy,
      attemptsMade: made,
      remainingNanoseconds: circumstances.remainingNanoseconds,
      isBreakerOpen: circumstances.isBreakerOpen, random: &random,
      budget: budget?.tryBeginRetry() ?? false)
    if case .no(let why) = decision { refusal = why }
    return decision
  }
}
