import Primitives
import Resilience
import Testing

struct TokenBucketTests {
  /// The reference counts how far the admissions are ahead of the rate, and the list of them is held
  /// against the definition after that. 5 seeds × 200,000 events.
  @Test(arguments: Seeds.all) func itAgreesWithTheDefinition(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for _ in 0..<20 {
      let policy = RateLimitPolicy(
        requests: 1 + Int(random.below(1000)),
        per: .nanoseconds(1_000_000 + Int64(random.below(3_000_000_000))),
        burst: 1 + Int(random.below(40)))
      run(policy, seed: seed, random: &random)
    }
  }

  private func run(_ policy: RateLimitPolicy, seed: UInt64, random: inout RandomSource) {
    let period = Int64(policy.period.nanosecondsClamped)
    var now: Int64 = Int64(random.below(1_000_000_000))
    var bucket = TokenBucket(policy, now: Instant(nanoseconds: now))
    var admitted: [Int64] = []
    // The least of k - rate × t over the admitted is what binds; kept as a running maximum of how far
    // ahead of the rate the admissions are, in tokens × period.
    var ahead: Int64 = 0
    var last = now
    let step = UInt32(clamping: period / Int64(policy.requests) * 2 + 1)
    for event in 0..<10_000 {
      let isPause = random.below(500) == 0
      now += isPause ? Int64(step) * Int64(random.below(100)) : Int64(random.below(step))
      ahead = max(0, ahead - Int64(now - last) * Int64(policy.requests))
      last = now
      let isAllowed = ahead + period <= Int64(policy.burst) * period
      let verdict = bucket.admit(policy, now: Instant(nanoseconds: now))
      #expect(verdict.isAdmitted == isAllowed, "seed \(seed) event \(event) \(policy)")
      if isAllowed {
        ahead += period
        admitted.append(now)
      }
      if event % 3 == 0 { check(verdict, bucket, policy, ahead: ahead, now: now) }
    }
    checkIntervals(admitted, policy)
  }

  private func check(
    _ verdict: RateLimitVerdict, _ bucket: TokenBucket, _ policy: RateLimitPolicy, ahead: Int64,
    now: Int64
  ) {
    let period = Int64(policy.period.nanosecondsClamped)
    let full = ahead / Int64(policy.requests)
    switch verdict {
    case .admitted(let remaining, let seconds):
      #expect(Int64(remaining) == (Int64(policy.burst) * period - ahead) / period)
      #expect(abs(Int64(seconds) * 1_000_000_000 - full) <= 1_000_000_001)
    case .limited(let wait, _):
      // Exactly then, and not a nanosecond before.
      var early = bucket
      var due = bucket
      let before = Instant(nanoseconds: now + wait - 1)
      #expect(!early.admit(policy, now: before).isAdmitted)
      #expect(due.admit(policy, now: Instant(nanoseconds: now + wait)).isAdmitted)
    }
  }

  /// At most burst + rate × time in any interval: each pair of admissions up to 60 apart.
  private func checkIntervals(_ admitted: [Int64], _ policy: RateLimitPolicy) {
    let period = Int64(policy.period.nanosecondsClamped)
    for first in admitted.indices {
      for last in stride(from: first, to: min(first + 60, admitted.count), by: 7) {
        let time = Int64(admitted[last] - admitted[first])
        let allowed = Int64(policy.burst) * period + time * Int64(policy.requests)
        if Int64(last - first + 1) * period > allowed {
          Issue.record("\(last - first + 1) in \(time) ns: \(policy)")
          return
        }
      }
    }
  }

  /// Four hours of a rate that is no whole number of nanoseconds a request. The burst is two, so that
  /// a part of a nanosecond that came too early is kept.
  @Test func nothingDrifts() {
    let policy = RateLimitPolicy(requests: 7, burst: 2)
    var bucket = TokenBucket(policy, now: Instant(nanoseconds: 0))
    var now: Int64 = 0
    for _ in 0..<2 { _ = bucket.admit(policy, now: Instant(nanoseconds: now)) }
    var count: Int64 = 0
    for _ in 0..<100_000 {
      guard case .limited(let wait, _) = bucket.admit(policy, now: Instant(nanoseconds: now)) else {
        Issue.record("admitted too early")
        return
      }
      now += wait
      count += 1
      #expect(bucket.admit(policy, now: Instant(nanoseconds: now)).isAdmitted)
    }
    // ⌈count / 7 s⌉: not one nanosecond of the many that do not divide is lost.
    #expect(now == (count * 1_000_000_000 + 6) / 7)
  }

  @Test func extremesDoNotTrap() {
    for (requests, period, burst) in [
      (Int.max, Duration.zero, Int.max), (0, .seconds(Int64.max), 0),
      (1, .seconds(3600), 1_000_000),
    ] {
      let policy = RateLimitPolicy(requests: requests, per: period, burst: burst)
      var bucket = TokenBucket(policy, now: Instant(nanoseconds: .min))
      for now: Int64 in [.min, 0, .max, 5, .min, .max] {
        _ = bucket.admit(policy, now: Instant(nanoseconds: now))
      }
    }
  }
}
