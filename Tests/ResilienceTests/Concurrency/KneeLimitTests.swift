import Primitives
import Resilience
import Testing

/// How the limit follows what changes; `KneeSearchTests` has the steady loads.
struct KneeLimitTests {
  /// 20 servers of 40 ms: the knee is 20 in flight, 500 a second.
  private func queue(_ seed: UInt64, load: Double) -> SimulatedQueue {
    SimulatedQueue(
      seed: seed, servers: 20, serviceMean: 40e6, arrivalsPerSecond: 500 * load,
      times: .exponential)
  }

  /// Ten minutes at three times what the service can do, without a pause.
  @Test func itDoesNotRunAway() {
    var queue = queue(1, load: 3)
    _ = queue.run(seconds: 10)
    for _ in 0..<10 {
      let report = queue.run(seconds: 60)
      #expect(queue.busyShare(report) > 0.95, "\(queue.busyShare(report))")
      #expect((20...45).contains(report.limitMean), "\(report.limitMean)")
      #expect(report.limitMin >= 5, "\(report.limitMin)")
    }
    let unqueued = queue.limiter.unqueuedLatency
    #expect(unqueued > .milliseconds(30) && unqueued < .milliseconds(55), "\(unqueued)")
  }

  @Test(arguments: Seeds.all) func itFollowsAServiceThatLosesHalfItsPlaces(seed: UInt64) {
    var queue = queue(seed, load: 2)
    _ = queue.run(seconds: 20)
    queue.servers = 10
    // A hundred requests of a dip take so long that dips are half a minute apart.
    _ = queue.run(seconds: 90)
    let report = queue.run(seconds: 20)
    #expect(report.limitMean < 27, "seed \(seed): \(report.limitMean)")
    #expect(queue.busyShare(report) > 0.93, "seed \(seed): \(queue.busyShare(report))")
  }

  @Test(arguments: Seeds.all) func itFollowsAServiceThatGrowsTenfold(seed: UInt64) {
    var queue = queue(seed, load: 2)
    _ = queue.run(seconds: 20)
    queue.servers = 200
    queue.arrivalsPerSecond = 10_000
    _ = queue.run(seconds: 40)
    let report = queue.run(seconds: 10)
    #expect(queue.busyShare(report) > 0.95, "seed \(seed): \(queue.busyShare(report))")
  }

  @Test func itFollowsAServiceThatBecomesSlowerForGood() {
    var queue = queue(3, load: 1.5)
    _ = queue.run(seconds: 30)
    queue.serviceMean = 120e6
    _ = queue.run(seconds: 60)
    let report = queue.run(seconds: 60)
    #expect(queue.busyShare(report) > 0.95, "\(queue.busyShare(report))")
    #expect((18...45).contains(report.limitMean), "\(report.limitMean)")
    queue.serviceMean = 40e6
    _ = queue.run(seconds: 20)
    let again = queue.run(seconds: 30)
    #expect(queue.busyShare(again) > 0.95)
  }

  @Test func aLimitThatIsNotReachedIsNotTouched() {
    var queue = queue(4, load: 0.25)
    let before = queue.limiter.limit
    let report = queue.run(seconds: 600)
    #expect(report.refused == 0)
    #expect(queue.limiter.limit == before)
    queue.arrivalsPerSecond = 1500
    _ = queue.run(seconds: 20)
    #expect(queue.run(seconds: 10).latencyMean < 140e6)
  }

  /// 1,600 requests a second of half a millisecond each, and a machine that stops for 40 ms now and
  /// then: hardly one in flight on average, and sixty at times.
  @Test(arguments: Seeds.all.prefix(2)) func pausesOfABusyMachineAreNoOverload(seed: UInt64) {
    for length in [5e6, 40e6, 100e6] {
      var queue = SimulatedQueue(
        seed: seed, servers: 4, serviceMean: 0.5e6, arrivalsPerSecond: 1600, times: .exponential)
      queue.pauses = SimulatedQueue.Pauses(every: 2.1e9, length: length)
      let report = queue.run(seconds: 40)
      #expect(report.loss < 0.01, "seed \(seed), \(length / 1e6) ms: \(report.loss)")
    }
  }

  /// A busy machine that stops for 50 ms now and then, at half of what the service carries: refusals come
  /// in bursts, though a hundred and twenty are in flight on average.
  @Test(arguments: Seeds.all.prefix(3)) func pausesOfAWideServiceAreNoOverload(seed: UInt64) {
    var queue = SimulatedQueue(
      seed: seed, servers: 240, serviceMean: 60e6, arrivalsPerSecond: 2000, times: .exponential)
    queue.pauses = SimulatedQueue.Pauses(every: 0.7e9, length: 50e6)
    let report = queue.run(seconds: 30)
    #expect(report.loss < 0.01, "seed \(seed): \(report.loss)")
  }

  /// A service that answers 429 at once beyond what it can do looks fast, and one that fails at once
  /// does too: neither is goodput.
  @Test(arguments: [Outcome.failure, .ignored]) func whatYieldsNothingIsNotGoodput(
    _ outcome: Outcome
  ) {
    var queue = queue(5, load: 2)
    queue.outcome = { $0.below(10) == 0 ? .success : outcome }
    _ = queue.run(seconds: 30)
    #expect(queue.run(seconds: 30).limitMean < 50)
  }

  /// It accepts and never answers, and the callers leave after a second each.
  @Test(arguments: [Outcome.failure, .ignored]) func placesThatYieldNothingAreTakenBack(
    _ outcome: Outcome
  ) {
    let limiter = ConcurrencyLimiter()
    var now = Instant(nanoseconds: 0)
    for _ in 0..<20 {
      var taken = 0
      while limiter.acquire() { taken += 1 }
      now = now.advanced(byNanoseconds: 1_000_000_000)
      for _ in 0..<taken {
        limiter.release(nanoseconds: 1_000_000_000, outcome: outcome, now: now)
      }
    }
    #expect(limiter.limit == ConcurrencyPolicy().minimum)
  }

  /// What another policy refused was never sent: it held no place that could say anything.
  @Test func whatWasNotSentCountsNowhere() {
    let limiter = ConcurrencyLimiter(policy: ConcurrencyPolicy(minimum: 1, initial: 1))
    #expect(limiter.acquire())
    for step in 0..<1000 {
      #expect(!limiter.acquire())
      limiter.release(
        nanoseconds: 0, outcome: .ignored, now: Instant(nanoseconds: Int64(step) * 10_000_000))
      #expect(limiter.acquire() && limiter.limit == 1)
    }
  }

  @Test func theLimitKeepsWithinItsBounds() {
    var random = RandomSource(seed: 9)
    var limit = KneeLimit(
      policy: ConcurrencyPolicy(minimum: 4, maximum: 50, initial: 10, samplesMin: 1))
    var now = Instant(nanoseconds: 0)
    var refused: UInt64 = 0
    var seen: Set<Int> = []
    for _ in 0..<100_000 {
      now = now.advanced(byNanoseconds: Int64(random.below(200_000_000)))
      refused += UInt64(random.below(2))
      let outcome: Outcome = [.success, .failure, .ignored][Int(random.below(3))]
      _ = limit.record(
        nanoseconds: Int64(random.below(1000)), outcome: outcome, inFlight: limit.limit,
        refused: refused, now: now)
      seen.insert(limit.limit)
    }
    #expect(seen.min() == 4 && seen.count > 10 && seen.allSatisfy { (4...50).contains($0) })
  }

  @Test func theDefaultsAreThoseStated() {
    let policy = ConcurrencyPolicy()
    #expect(policy.minimum == 5 && policy.maximum == 10_000 && policy.initial == 50)
    #expect(policy.buffer == .percent(25) && policy.samplesMin == 50)
    #expect(policy.interval == .milliseconds(100) && policy.dipInterval == .seconds(10))
  }
}
