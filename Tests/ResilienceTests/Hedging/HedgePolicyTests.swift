import Primitives
import Resilience
import Testing

struct HedgePolicyTests {
  @Test func itHedgesOnlyWhatItKnowsAndMayRepeat() {
    let policy = HedgePolicy()
    var digest = policy.makeDigest()
    let now = Instant(nanoseconds: 0)
    for sample in 1...99 {
      digest.record(nanoseconds: Int64(sample) * 1_000_000, now: now)
      #expect(policy.delay(digest, isIdempotent: true) == nil)
    }
    digest.record(nanoseconds: 100_000_000, now: now)
    #expect(policy.delay(digest, isIdempotent: false) == nil)
    for _ in 0..<64 { digest.record(nanoseconds: 50_000_000, now: now) }
    let delay = policy.delay(digest, isIdempotent: true) ?? 0
    #expect((80_000_000...100_000_000).contains(delay))
  }

  @Test func itWaitsTheMinimum() {
    let policy = HedgePolicy(minimumDelay: .milliseconds(3), samplesMin: 1)
    var digest = policy.makeDigest()
    digest.record(nanoseconds: 5000, now: Instant(nanoseconds: 0))
    #expect(policy.delay(digest, isIdempotent: true) == 3_000_000)
  }

  @Test func theDefaultsAreThoseStated() {
    let policy = HedgePolicy()
    #expect(policy.percentile == .percent(95) && policy.budget == .percent(5))
    #expect(policy.budgetMinimum == 1 && policy.samplesMin == 100)
    #expect(policy.minimumDelay == .milliseconds(1))
    let budget = policy.makeBudget()
    #expect(budget.ratio == .percent(5) && budget.minimum == 1)
  }
}
