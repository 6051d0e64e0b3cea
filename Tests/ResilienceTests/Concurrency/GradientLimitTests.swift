import Primitives
import Resilience
import Testing

/// Whether the limit finds the knee of a queue (as many as there are servers) and stays there.
struct GradientLimitTests {
  /// 20 servers of 40 ms: the knee is 20 in flight, 500 a second.
  private func queue(_ seed: UInt64, load: Double) -> SimulatedQueue {
    SimulatedQueue(
      seed: seed, servers: 20, serviceMean: 40e6, arrivalsPerSecond: 500 * load)
  }

  @Test(arguments: Seeds.all) func itFindsTheKneeUnderOverload(seed: UInt64) {
    var queue = queue(seed, load: 2)
    _ = queue.run(seconds: 10)
    let report = queue.run(seconds: 30)
    #expect(report.throughput > 475, "seed \(seed): \(report.throughput)")
    #expect((20...45).contains(report.limitMean), "seed \(seed): \(report.limitMean)")
    #expect(report.latencyMean < 88e6, "seed \(seed): \(report.latencyMean)")
  }

  /// Three minutes at three times what the service can do, without a pause: the minimum may not creep
  /// up (without trims it does, by a fifth), nor the limit with it.
  @Test func itDoesNotRunAway() {
    var queue = queue(1, load: 3)
    _ = queue.run(seconds: 10)
    for _ in 0..<3 {
      let report = queue.run(seconds: 60)
      #expect(report.throughput > 475, "\(report.throughput)")
      #expect((20...36).contains(report.limitMean), "\(report.limitMean)")
      // No dip: while it measures the minimum, it admits nearly as many as there are servers.
      #expect(report.limitMin >= 12, "\(report.limitMin)")
      #expect(queue.limiter.minimumLatency < .milliseconds(41))
    }
  }

  /// Four servers, and twenty let in from the start: the first latencies are five times too long.
  @Test(arguments: Seeds.all.prefix(3)) func aFirstMinimumFromAQueueIsMended(seed: UInt64) {
    var queue = SimulatedQueue(
      seed: seed, servers: 4, serviceMean: 10e6, arrivalsPerSecond: 800)
    _ = queue.run(seconds: 75)
    #expect(queue.limiter.minimumLatency < .milliseconds(11), "seed \(seed)")
    let report = queue.run(seconds: 15)
    #expect(report.limitMean < 9, "seed \(seed): \(report.limitMean)")
    #expect(report.throughput > 385, "seed \(seed): \(report.throughput)")
  }

  @Test func itFollowsAServiceThatBecomesSlowerForGood() {
    var queue = queue(3, load: 1.5)
    _ = queue.run(seconds: 30)
    queue.serviceMean = 120e6
    _ = queue.run(seconds: 150)
    let report = queue.run(seconds: 60)
    // 20 servers of 120 ms: 167 a second.
    #expect(report.throughput > 150, "\(report.throughput)")
    #expect((18...45).contains(report.limitMean), "\(report.limitMean)")
    queue.serviceMean = 40e6
    _ = queue.run(seconds: 20)
    #expect(queue.run(seconds: 30).throughput > 475)
  }

  @Test func aQuietLoadIsNeverRefusedAndOpensNothing() {
    var queue = queue(4, load: 0.25)
    let report = queue.run(seconds: 60)
    #expect(report.refused == 0)
    #expect(queue.limiter.limit < 60, "\(queue.limiter.limit)")
    queue.arrivalsPerSecond = 1500
    _ = queue.run(seconds: 2)
    #expect(queue.run(seconds: 5).latencyMean < 100e6)
  }

  @Test func quickFailuresAreNoProofOfSpeed() {
    var limit = GradientLimit(policy: ConcurrencyPolicy())
    var now = Instant(nanoseconds: 0)
    for step in 0..<20_000 {
      now = now.advanced(byNanoseconds: 1_000_000)
      let isFailure = step > 2000 && step % 10 != 0
      _ = limit.record(
        nanoseconds: isFailure ? 5000 : 10_000_000, outcome: isFailure ? .failure : .success,
        inFlight: 20, now: now)
    }
    #expect(limit.minimumNanoseconds > 9_000_000)
  }

  @Test func theLimitKeepsWithinItsBounds() {
    var random = RandomSource(seed: 9)
    var limit = GradientLimit(
      policy: ConcurrencyPolicy(minimum: 4, maximum: 50, initial: 10, samplesMin: 1))
    var now = Instant(nanoseconds: 0)
    var seen: Set<Int> = []
    for _ in 0..<100_000 {
      now = now.advanced(byNanoseconds: Int64(random.below(200_000_000)))
      let latency = Int64(random.next() >> (1 + UInt64(random.below(63))))
      let outcome: Outcome = [.success, .failure, .ignored][Int(random.below(3))]
      _ = limit.record(nanoseconds: latency, outcome: outcome, inFlight: limit.limit, now: now)
      seen.insert(limit.limit)
    }
    #expect(seen.min() == 4 && seen.max() == 50)
  }

  @Test func theDefaultsAreThoseStated() {
    let policy = ConcurrencyPolicy()
    #expect(policy.minimum == 3 && policy.maximum == 1000 && policy.initial == 20)
    #expect(policy.percentile == .percent(50) && policy.buffer == .percent(25))
    #expect(policy.interval == .milliseconds(100) && policy.window == .seconds(60))
    #expect(policy.samplesMin == 10)
  }
}
