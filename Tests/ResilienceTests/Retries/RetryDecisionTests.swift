import Primitives
import Resilience
import Testing

/// Every combination of evidence and policy, against the rules written out another way.
struct RetryDecisionTests {
  private static let endings: [RetryEvidence.Ending] =
    FailureKind.allCases.map { .failure($0) } + [
      .answer(status: 200, grpcStatus: nil), .answer(status: 409, grpcStatus: nil),
      .answer(status: 503, grpcStatus: nil), .answer(status: 500, grpcStatus: nil),
      .answer(status: 200, grpcStatus: 14), .perTryTimeout, .refusedStream,
    ]
  private static let sets: [RetryConditions] = [
    [.reset, .status(503)], [.serverError], [.gatewayError, .retriable4xx], [.connectFailure],
    [.refusedStream], [.resetBeforeRequest], [.perTryTimeout], [.grpcUnavailable],
    RetryConditions(RetryCondition.names.compactMap(RetryCondition.init(name:))),
  ]
  private static let booleans = [false, true]

  /// Written from rule 6 of ARCHITECTURE.md and RFC 9110, not from the code: what may go out again.
  private func isProven(_ evidence: RetryEvidence, _ policy: RetryPolicy) -> Bool {
    if evidence.ending == .refusedStream { return true }
    if case .failure(let kind) = evidence.ending, kind.row.retry == .never { return false }
    if evidence.bytesWritten == 0 { return true }
    if case .failure(let kind) = evidence.ending, kind.row.retry == .ifUnsent { return false }
    if evidence.isIdempotent || policy.isNonIdempotentAllowed { return true }
    return evidence.hasIdempotencyKey && policy.isIdempotencyKeyHonoured
  }

  /// 44 endings × 9 sets × 2^9.
  @Test(arguments: sets.indices) func nothingUnprovenGoesOutAgain(set: Int) {
    var random = RandomSource(seed: 7)
    var agains = 0
    for bits in 0..<512 {
      let bit = { (place: Int) in bits >> place & 1 != 0 }
      let policy = RetryPolicy(
        conditions: Self.sets[set], isNonIdempotentAllowed: bit(0),
        isIdempotencyKeyHonoured: bit(1))
      for ending in Self.endings {
        let evidence = RetryEvidence(
          ending: ending, isIdempotent: bit(2), hasIdempotencyKey: bit(3),
          bytesWritten: bit(4) ? 100 : 0, isBodyReplayable: bit(5), responseHasBegun: bit(6),
          isRetriedBelow: bit(7), attemptAbove: bit(8) ? 2 : 1)
        let decision = RetryDecision.decide(
          evidence, policy: policy, attemptsMade: 1, random: &random, budget: true)
        guard case .again(let wait) = decision else { continue }
        agains += 1
        let isSound =
          isProven(evidence, policy) && bit(5) && !bit(6) && !bit(7) && !bit(8)
          && (0..<25_000_000).contains(wait)
        #expect(isSound, "\(evidence) \(policy.conditions.names)")
      }
    }
    #expect(agains > 0)
  }

  private func decide(
    _ ending: RetryEvidence.Ending = .failure(.upstreamReset), idempotent: Bool = true,
    written: UInt64 = 10, policy: RetryPolicy? = RetryPolicy(conditions: [.reset, .status(503)]),
    made: Int = 1, remaining: Int64 = .max, breakerOpen: Bool = false, budget: Bool = true,
    change: (inout RetryEvidence) -> Void = { _ in }
  ) -> RetryDecision {
    var random = RandomSource(seed: 1)
    var evidence = RetryEvidence(ending: ending, isIdempotent: idempotent, bytesWritten: written)
    change(&evidence)
    return RetryDecision.decide(
      evidence, policy: policy, attemptsMade: made, remainingNanoseconds: remaining,
      isBreakerOpen: breakerOpen, random: &random, budget: budget)
  }

  private func isAgain(_ decision: RetryDecision) -> Bool {
    if case .again = decision { true } else { false }
  }

  @Test func eachRefusalHasItsReason() {
    let refusals: [(RetryRefusal, RetryDecision)] = [
      (.notConfigured, decide(policy: nil)), (.notConfigured, decide(policy: RetryPolicy())),
      (.notConfigured, decide(policy: RetryPolicy(attempts: 1, conditions: [.reset]))),
      (.responseBegun, decide { $0.responseHasBegun = true }),
      (.conditionUnmet, decide(.answer(status: 200, grpcStatus: nil))),
      (.conditionUnmet, decide(.answer(status: 500, grpcStatus: nil))),
      (.conditionUnmet, decide(.failure(.requestTimeout))),
      (.retriedAbove, decide { $0.attemptAbove = 2 }),
      (.retriedBelow, decide { $0.isRetriedBelow = true }),
      (.notSafe, decide(idempotent: false)),
      (.notSafe, decide(.answer(status: 503, grpcStatus: nil), idempotent: false)),
      (.notSafe, decide(.perTryTimeout, idempotent: false)),
      (.notSafe, decide(.failure(.responseHeadTooLarge))),
      (.connectionLogin, decide { $0.isBoundByLogin = true }),
      (.bodyOutgrewBuffer, decide { $0.isBodyReplayable = false }),
      (.attemptsSpent, decide(made: 2)), (.breakerOpen, decide(breakerOpen: true)),
      (.retryAfterTooLong, decide { $0.retryAfterNanoseconds = 15_000_000_001 }),
      (.deadline, decide(remaining: 1)),
      (.deadline, decide(remaining: 2_000_000_000) { $0.retryAfterNanoseconds = 2_000_000_000 }),
      (.budgetSpent, decide(budget: false)),
    ]
    for (reason, decision) in refusals { #expect(decision == .no(reason)) }
    #expect(Set(refusals.map(\.0)) == Set(RetryRefusal.allCases))
  }

  @Test func aRefusedStreamIsSafeForAPost() {
    #expect(isAgain(decide(.refusedStream, idempotent: false)))
  }

  @Test func theOptInsLetAPostGoAgain() {
    let allowed = RetryPolicy(conditions: [.reset], isNonIdempotentAllowed: true)
    #expect(isAgain(decide(idempotent: false, policy: allowed)))
    let keyed = RetryPolicy(conditions: [.reset], isIdempotencyKeyHonoured: true)
    #expect(decide(idempotent: false, policy: keyed) == .no(.notSafe))
    #expect(isAgain(decide(idempotent: false, policy: keyed) { $0.hasIdempotencyKey = true }))
  }

  @Test func theBudgetIsAskedOnlyForWhatGoes() {
    var asked = 0
    var random = RandomSource(seed: 1)
    func take() -> Bool {
      asked += 1
      return true
    }
    let policy = RetryPolicy(conditions: [.reset])
    let evidence = RetryEvidence(
      ending: .failure(.upstreamReset), isIdempotent: true, bytesWritten: 1)
    _ = RetryDecision.decide(
      evidence, policy: policy, attemptsMade: 1, remainingNanoseconds: 0, random: &random,
      budget: take())
    #expect(asked == 0)
    _ = RetryDecision.decide(
      evidence, policy: policy, attemptsMade: 1, random: &random, budget: take())
    #expect(asked == 1)
  }

  @Test func retryAfterIsWaitedOut() {
    for seconds: Int64 in [1, 5, 15] {
      let decision = decide(.answer(status: 503, grpcStatus: nil)) {
        $0.retryAfterNanoseconds = seconds * 1_000_000_000
      }
      guard case .again(let wait) = decision else {
        Issue.record("\(decision)")
        continue
      }
      let asked = seconds * 1_000_000_000
      #expect((asked..<asked + 25_000_000).contains(wait))
    }
  }

  @Test func theDefaultsAreThoseStated() {
    let policy = RetryPolicy()
    #expect(policy.attempts == 2 && policy.conditions.isEmpty && policy.perTryTimeout == nil)
    #expect(policy.backoff == Backoff(base: .milliseconds(25), max: .milliseconds(250)))
    #expect(policy.retryAfterMax == .seconds(15) && policy.bodyBytesMax == 65_536)
    #expect(!policy.isNonIdempotentAllowed && !policy.isIdempotencyKeyHonoured)
    #expect(RetryPolicy(attempts: 0).attempts == 1 && RetryPolicy(attempts: 99).attempts == 10)
  }
}
