import Primitives
import Resilience
import Testing

@testable import Upstreams

/// The machine behind "again, elsewhere, beside, instead", with no socket.
@Suite struct AttemptLoopTests {
  private static let policy = RetryPolicy(
    attempts: 3, conditions: RetryConditions([.reset, .connectFailure, .status(503)]),
    backoff: Backoff(base: .milliseconds(1), max: .milliseconds(1)))

  private struct Rig {
    var loop = AttemptLoop()
    let budget = RetryBudget(ratio: .percent(100), minimum: 3)
    let hedges = RetryBudget(ratio: .percent(100), minimum: 1)
    var random = RandomSource(seed: 7)
    var policy: RetryPolicy?
    var endpoint: UInt64 = 1

    init(_ policy: RetryPolicy? = AttemptLoopTests.policy) {
      self.policy = policy
      loop.attemptBegins()
    }

    func evidence(_ ending: RetryEvidence.Ending, isIdempotent: Bool = true) -> RetryEvidence {
      var bytes: UInt64 = 1
      if case .failure(let failure) = ending, failure.row.stage == .connect { bytes = 0 }
      return RetryEvidence(ending: ending, isIdempotent: isIdempotent, bytesWritten: bytes)
    }

    func circumstances(isOnUsedConnection: Bool = false) -> AttemptLoop.Circumstances {
      AttemptLoop.Circumstances(
        policy: policy, budget: budget, remainingNanoseconds: .max, isBreakerOpen: false,
        isOnUsedConnection: isOnUsedConnection)
    }

    mutating func failed(
      _ failure: FailureKind, isIdempotent: Bool = true, isOnUsedConnection: Bool = false
    ) -> AttemptLoop.Next {
      let next = loop.failed(
        failure, evidence(.failure(failure), isIdempotent: isIdempotent),
        circumstances(isOnUsedConnection: isOnUsedConnection), &random)
      if case .again = next { begin(.failure(failure)) }
      return next
    }

    mutating func answered(_ status: UInt16) -> AttemptLoop.AnswerNext {
      let next = loop.answered(
        status, status < 500 ? .success : .failure,
        evidence(.answer(status: status, grpcStatus: nil)), circumstances(), &random)
      if case .again = next { begin(.status) }
      return next
    }

    /// The attempt before is told of between the decision and the retry's begin.
    private mutating func begin(_ cause: RetryReason) {
      _ = loop.takeReason()
      loop.retryEnded(budget)
      loop.retryBegins(because: cause, lookingPast: endpoint)
    }
  }

  private static func isAgain(_ next: AttemptLoop.AnswerNext) -> Bool {
    if case .again = next { true } else { false }
  }

  private static func isAgain(_ next: AttemptLoop.Next) -> Bool {
    if case .again = next { true } else { false }
  }

  @Test func aFailedAttemptIsMadeAgainElsewhereUntilItsAttemptsAreSpent() {
    var rig = Rig()
    #expect(Self.isAgain(rig.failed(.upstreamReset)))
    #expect(rig.loop.tried.contains(1))
    #expect(rig.budget.inFlight.retries == 1, "the place is held while the retry is out")
    #expect(rig.loop.takeReason() == .failure(.upstreamReset))
    rig.loop.attemptBegins()
    rig.endpoint = 2
    #expect(Self.isAgain(rig.failed(.connectRefused)))
    #expect(rig.loop.tried.contains(2))
    rig.loop.attemptBegins()
    #expect(rig.failed(.upstreamReset) == .end(.attemptsSpent))
    #expect(rig.loop.refusal == .attemptsSpent)
    #expect(rig.budget.inFlight.retries == 0)
  }

  @Test func aStaleConnectionIsReplacedOnceAndCostsNoAttempt() {
    var rig = Rig()
    #expect(rig.failed(.upstreamClosed, isOnUsedConnection: true) == .fresh)
    #expect(rig.loop.needsFresh)
    #expect(rig.loop.takeReason() == .staleConnection)
    #expect(rig.loop.tried.isEmpty)
    rig.loop.attemptBegins()
    // Three attempts are left, this one being the first of them.
    for _ in 0..<2 {
      #expect(Self.isAgain(rig.failed(.upstreamReset, isOnUsedConnection: true)))
      rig.loop.attemptBegins()
    }
    #expect(rig.failed(.upstreamReset) == .end(.attemptsSpent))
  }

  /// What follows the one on a fresh connection is a retry as any other, on whichever connection is free.
  @Test func onlyTheOneInItsPlaceNeedsAFreshConnection() {
    var rig = Rig()
    #expect(rig.failed(.upstreamClosed, isOnUsedConnection: true) == .fresh)
    rig.loop.attemptBegins()
    #expect(!rig.loop.needsFresh && !rig.loop.isRetry)
    #expect(Self.isAgain(rig.failed(.upstreamReset)))
    rig.loop.attemptBegins()
    #expect(!rig.loop.needsFresh && rig.loop.isRetry)
    // A fallback whose upstream was never asked begins anew as well.
    var other = Rig()
    #expect(other.failed(.upstreamClosed, isOnUsedConnection: true) == .fresh)
    let takesOver = other.loop.fallsBack(from: .noEndpoint)
    #expect(takesOver)
    #expect(!other.loop.needsFresh)
  }

  /// The budget was spent when a bad answer's head came, and is not when that answer breaks off.
  @Test func aRetryThatFollowsAfterAllWasNotRefused() {
    var rig = Rig()
    let others = (0..<3).map { _ in rig.budget.tryBeginRetry() }
    #expect(others == [true, true, true])
    #expect(rig.answered(503) == .pass(.budgetSpent))
    rig.budget.retryEnded()
    #expect(Self.isAgain(rig.failed(.upstreamReset)))
    #expect(rig.loop.refusal == nil)
  }

  @Test func whatCannotBeRepeatedIsNot() {
    var rig = Rig()
    #expect(
      rig.failed(.upstreamClosed, isIdempotent: false, isOnUsedConnection: true) == .end(.notSafe))
    var none = Rig(nil)
    #expect(none.failed(.upstreamReset) == .end(nil))
    #expect(none.answered(503) == .pass(nil))
    // A fault of the client's is no attempt that could be made again, and no retry was refused.
    var other = Rig()
    #expect(other.failed(.downstreamClosed) == .end(nil))
    #expect(other.loop.refusal == nil)
  }

  @Test func theHedgeIsWhatIsLeftWhenTheFirstFails() {
    var rig = Rig()
    #expect(rig.loop.tryHedge(rig.hedges) == .hedge)
    rig.loop.hedgeBegan()
    #expect(rig.loop.tryHedge(rig.hedges) == .tooLate)
    #expect(rig.failed(.upstreamReset) == .promote)
    rig.loop.hedgePromoted(over: 1, rig.hedges)
    #expect(rig.loop.begun == 2)
    #expect(rig.hedges.inFlight.retries == 0)
    rig.endpoint = 2
    #expect(Self.isAgain(rig.failed(.upstreamReset)))
    // Both are looked past, not only the one that failed last.
    #expect(rig.loop.tried.contains(1) && rig.loop.tried.contains(2))
  }

  @Test func aBadAnswerIsKeptUntilTheHedgeHasEnded() {
    var rig = Rig()
    _ = rig.loop.tryHedge(rig.hedges)
    rig.loop.hedgeBegan()
    #expect(rig.answered(200) == .pass(nil))
    #expect(rig.answered(501) == .keep)
    #expect(!rig.loop.hedgeWins(503, .failure))
    #expect(rig.loop.hedgeWins(200, .success))
    let goesOn = rig.loop.hedgeEnded(rig.hedges)
    #expect(goesOn)
    #expect(rig.hedges.inFlight.retries == 0)
    #expect(rig.answered(501) == .pass(nil))
    #expect(Self.isAgain(rig.answered(503)))
  }

  @Test func aFallbackTakesOverOnceAndOnlyForWhatNobodyWasAsked() {
    var rig = Rig()
    #expect(Self.isAgain(rig.failed(.connectRefused)))
    let kinds: [FailureKind] = [.upstreamReset, .circuitOpen, .noEndpoint]
    let takesOver = kinds.map { rig.loop.fallsBack(from: $0) }
    #expect(takesOver == [false, true, false])
    #expect(rig.loop.tried.isEmpty)
  }

  /// Random lives: whatever happens in whatever order, places in budgets come back, attempts are bounded
  /// and nothing that may have acted is sent again.
  @Test(arguments: 0..<200)
  func everyLifeGivesBackWhatItTook(seed: UInt64) {
    var random = RandomSource(seed: seed)
    var rig = Rig(random.below(4) == 0 ? nil : Self.policy)
    let isIdempotent = random.below(2) == 0
    var isFirstSlot = true
    var steps = 0
    while true {
      steps += 1
      #expect(steps < 20, "seed \(seed)")
      if random.below(2) == 0, rig.loop.tryHedge(rig.hedges) == .hedge {
        #expect(rig.loop.begun == 1)
        random.below(3) == 0 ? rig.loop.hedgeRefused(rig.hedges) : rig.loop.hedgeBegan()
      }
      if rig.loop.isHedged, random.below(3) == 0 {
        let goesOn = rig.loop.hedgeEnded(rig.hedges)
        #expect(!goesOn)
      }
      let failures: [FailureKind] = [.upstreamReset, .upstreamClosed, .connectRefused]
      let failure = failures[Int(random.below(3))]
      if random.below(2) == 0 {
        var next = rig.answered(random.below(2) == 0 ? 200 : 503)
        if next == .keep {
          #expect(rig.loop.isHedged)
          let goesOn = rig.loop.hedgeEnded(rig.hedges)
          #expect(goesOn)
          next = rig.answered(503)
        }
        guard Self.isAgain(next) else { break }
        #expect(rig.policy != nil)
        rig.loop.attemptBegins()
        #expect(rig.loop.begun <= 4, "seed \(seed)")
        continue
      }
      let next = rig.failed(
        failure, isIdempotent: isIdempotent, isOnUsedConnection: random.below(2) == 0)
      if !isIdempotent, failure != .connectRefused {
        #expect(next != .fresh && !Self.isAgain(next), "seed \(seed): acted twice")
      }
      if case .end = next { break }
      if next == .promote {
        #expect(rig.loop.isHedged, "seed \(seed)")
        rig.loop.hedgePromoted(over: rig.endpoint, rig.hedges)
        continue
      }
      if next == .fresh {
        #expect(isFirstSlot, "seed \(seed): a second fresh connection")
        isFirstSlot = false
      }
      if Self.isAgain(next) { #expect(rig.policy != nil) }
      rig.loop.attemptBegins()
      #expect(rig.loop.begun <= 4, "seed \(seed)")
    }
    rig.loop.retryEnded(rig.budget)
    _ = rig.loop.hedgeEnded(rig.hedges)
    #expect(rig.budget.inFlight.retries == 0, "seed \(seed)")
    #expect(rig.hedges.inFlight.retries == 0, "seed \(seed)")
  }
}
