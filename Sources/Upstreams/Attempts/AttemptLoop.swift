import Primitives
import Resilience

/// The attempts of one request: which came before, which are under way, and what follows one that
/// ends (`AttemptLoop+Next`).
///
/// ```
///               ┌─────────── again, fresh ────────────┐
///               ▼                                     │
/// idle ──(attemptBegins)──▶ one under way ──(failed, answered)──▶ pass, end
///                           │          ▲
///                     (hedgeBegan)  (hedgeEnded), or promote, or the hedge wins (hedgePromoted)
///                           ▼          │
///                           two under way ──(answered: keep)──▶ the answer is kept
/// ```
///
/// A kept answer is judged anew when the hedge has ended, or is dropped when that wins. `fallsBack` leads
/// from an end to another upstream, where attempts begin again.
///
/// The proxy's exchange and the simulator perform what it decides, so that both do the same. Pure but for
/// the budgets, in which it takes places and gives them back.
///
/// Invariants: a place in the retry budget is taken by the decision for a retry, held from `retryBegins` on,
/// and given back by `retryEnded`; one in the hedge budget is held from `tryHedge` until the hedge is out no
/// more; at most one hedge is out, beside the first attempt only.
///
/// Cost: 128 bytes, of which 88 are the endpoints tried; no allocation. Confinement: its owner's loop.
@usableFromInline package struct AttemptLoop {
  /// Attempts whose request was put on a connection, hedges included.
  @usableFromInline package internal(set) var sent: UInt32 = 0
  /// Attempts that were begun, those that could not connect included; a hedge counts once it is what
  /// is left.
  @usableFromInline package internal(set) var begun = 0
  /// Endpoints that a retry looks past.
  @usableFromInline package internal(set) var tried = TriedEndpoints()
  /// What asked for the attempt that is under way, if it is one after the first.
  @usableFromInline var reason: RetryReason?
  /// Why there was no further attempt.
  @usableFromInline package internal(set) var refusal: RetryRefusal?
  /// Attempts of this request by a trusted proxy in front of us, as it counts them.
  @usableFromInline package var above = 1
  /// The next attempt, which takes the place of one on a stale connection, is not to go out on one that
  /// was used before.
  @usableFromInline package internal(set) var needsFresh = false
  /// There was one on a stale connection, which another takes the place of.
  @usableFromInline var hasReplaced = false
  /// The route's fallback has taken the place of its upstream.
  @usableFromInline package internal(set) var usesFallback = false
  /// A second attempt is out beside the first.
  @usableFromInline package internal(set) var isHedged = false
  /// A bad answer to the first attempt is kept until the hedge has ended.
  @usableFromInline package internal(set) var keepsAnswer = false
  @usableFromInline var holdsRetry = false
  @usableFromInline var holdsHedge = false

  @inlinable package init() {}

  /// Attempts as the route's policy counts them: one on a stale connection is none.
  @usableFromInline var made: Int { hasReplaced ? begun - 1 : begun }

  /// The attempt that was begun last is one after the first, and not in its place.
  @inlinable package var isRetry: Bool { made > 1 }

  @inlinable package mutating func attemptBegins() {
    begun += 1
    needsFresh = false
  }

  @inlinable package mutating func requestSent() { sent += 1 }

  /// Another attempt follows because of `cause`, with a place in the retry budget, and looks past
  /// `endpoint`.
  package mutating func retryBegins(because cause: RetryReason, lookingPast endpoint: UInt64?) {
    holdsRetry = true
    reason = cause
    // What was refused at its answer's head may follow when that answer breaks off.
    refusal = nil
    if let endpoint { tried.insert(endpoint) }
  }

  /// The attempt is over: what had asked for it, once.
  @inlinable package mutating func takeReason() -> RetryReason? {
    guard let taken = reason else { return nil }
    reason = nil
    return taken
  }

  /// The attempt that a retry made is over, or has an answer: its place is free for the next.
  @inlinable @inline(__always)
  package mutating func retryEnded(_ budget: @autoclosure () -> RetryBudget?) {
    guard holdsRetry else { return }
    holdsRetry = false
    budget()?.retryEnded()
  }

  // MARK: The hedge

  /// How long the first attempt is left alone before a second goes out beside it; nil: none will.
  /// `isRepeatable`: the request has nothing that goes to one endpoint only (a body, an upgrade, a login).
  @inlinable @inline(__always)
  package func hedgeDelay(
    _ policy: HedgePolicy?, _ digest: borrowing LatencyDigest, isIdempotent: Bool,
    isRepeatable: Bool
  ) -> Int64? {
    guard let policy, begun == 1, isRepeatable else { return nil }
    return policy.delay(digest, isIdempotent: isIdempotent)
  }

  /// The first attempt has been left alone for long enough.
  package enum HedgeTurn { case hedge, budgetSpent, tooLate }

  /// Whether a hedge may go out now. With `.hedge` a place in `budget` is taken, and `hedgeBegan` or
  /// `hedgeRefused` follows.
  package mutating func tryHedge(_ budget: RetryBudget) -> HedgeTurn {
    // Beside the first attempt only; what comes after it is a retry.
    guard begun == 1, !isHedged else { return .tooLate }
    guard budget.tryBeginRetry() else { return .budgetSpent }
    holdsHedge = true
    return .hedge
  }

  /// The hedge has its place at an endpoint.
  package mutating func hedgeBegan() { isHedged = true }

  /// No connection came of it.
  package mutating func hedgeRefused(_ budget: RetryBudget?) { endHedge(budget) }

  /// The hedge failed, was answered badly or was dropped. True: the answer that is kept goes on, as if
  /// it had come just now; false: the first attempt does.
  package mutating func hedgeEnded(_ budget: RetryBudget?) -> Bool {
    endHedge(budget)
    guard keepsAnswer else { return false }
    keepsAnswer = false
    return true
  }

  /// The first attempt, at `endpoint`, is over, or the hedge was answered first: it is the attempt from
  /// here on.
  package mutating func hedgePromoted(over endpoint: UInt64?, _ budget: RetryBudget?) {
    endHedge(budget)
    keepsAnswer = false
    if let endpoint { tried.insert(endpoint) }
    begun += 1
  }

  private mutating func endHedge(_ budget: RetryBudget?) {
    isHedged = false
    guard holdsHedge else { return }
    holdsHedge = false
    budget?.retryEnded()
  }

  // MARK: Fallback

  /// A request that `kind` ends gets what its route has for such a case instead, once. True: another upstream or a fixed
  /// answer takes over; the endpoints of that upstream were not tried.
  package mutating func fallsBack(from kind: FailureKind) -> Bool {
    guard !usesFallback, kind == .circuitOpen || kind == .noEndpoint else { return false }
    usesFallback = true
    needsFresh = false
    reason = nil
    tried = TriedEndpoints()
    return true
  }
}
