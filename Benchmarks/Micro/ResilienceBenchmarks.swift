import Benchmark
import Primitives
import Resilience
import Upstreams

/// The machines that each request passes: one machine, uncontended, `now` given; and the whole chain
/// on two threads at once.
enum ResilienceBenchmarks {
  static func register() {
    breaker()
    detector(10)
    detector(10_000)
    others()
    chain(threads: 1)
    chain(threads: 2)
  }

  private static let start = Instant(nanoseconds: 1_000_000_000)

  private static func breaker() {
    Benchmark("breaker-admission") { benchmark in
      let breaker = CircuitBreaker(CircuitBreakerPolicy(), seed: 1)
      benchmark.startMeasurement()
      var admitted = 0
      for _ in benchmark.scaledIterations {
        if case .admitted = breaker.admit(now: start) { admitted += 1 }
      }
      benchmark.stopMeasurement()
      precondition(admitted == benchmark.scaledIterations.count, "it is closed")
    }
    Benchmark("breaker-record") { benchmark in
      let breaker = CircuitBreaker(CircuitBreakerPolicy(), seed: 1)
      guard case .admitted(let ticket) = breaker.admit(now: start) else { return }
      benchmark.startMeasurement()
      for number in benchmark.scaledIterations {
        let now = start.advanced(byNanoseconds: Int64(number) * 200_000)
        blackHole(breaker.record(ticket, .success, nanoseconds: 1_000_000, now: now))
      }
      benchmark.stopMeasurement()
    }
    Benchmark("breaker-refusal") { benchmark in
      let breaker = CircuitBreaker(CircuitBreakerPolicy(), seed: 1)
      _ = breaker.set(.forcedOpen, now: start)
      benchmark.startMeasurement()
      var refused = 0
      for _ in benchmark.scaledIterations {
        if case .refused = breaker.admit(now: start) { refused += 1 }
      }
      benchmark.stopMeasurement()
      precondition(refused == benchmark.scaledIterations.count, "it is forced open")
    }
  }

  private static func detector(_ count: Int) {
    Benchmark("outlier-record-of-\(count)") { benchmark in
      let detector = OutlierDetector(OutlierPolicy(), seed: 1, now: start)
      let slots = (0..<count).map { _ in detector.join() }
      benchmark.startMeasurement()
      for number in benchmark.scaledIterations {
        blackHole(
          detector.record(
            slots[number % count], .success, nanoseconds: 1_000_000, now: start))
      }
      benchmark.stopMeasurement()
    }
  }

  private static func others() {
    Benchmark("retry-budget-of-a-request") { benchmark in
      let budget = RetryBudget()
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        budget.requestBegan()
        budget.requestEnded()
      }
      benchmark.stopMeasurement()
      precondition(budget.inFlight.requests == 0, "all have ended")
    }
    Benchmark("adaptive-limit-of-a-request") { benchmark in
      let limiter = ConcurrencyLimiter()
      benchmark.startMeasurement()
      for number in benchmark.scaledIterations {
        let now = start.advanced(byNanoseconds: Int64(number) * 1_000)
        precondition(limiter.acquire(), "nothing else is in flight")
        limiter.release(nanoseconds: 1_000_000, outcome: .success, now: now)
      }
      benchmark.stopMeasurement()
    }
    Benchmark("rate-limit-of-a-route") { benchmark in
      let limiter = RateLimiter(policy: RateLimitPolicy(requests: 1_000_000), keysMax: 16)
      benchmark.startMeasurement()
      for number in benchmark.scaledIterations {
        blackHole(limiter.admit(now: start.advanced(byNanoseconds: Int64(number) * 2_000)))
      }
      benchmark.stopMeasurement()
    }
    Benchmark("latency-digest-record") { benchmark in
      var digest = LatencyDigest()
      benchmark.startMeasurement()
      for number in benchmark.scaledIterations {
        digest.record(
          nanoseconds: 1_000_000 + Int64(number % 1000) * 1000,
          now: start.advanced(byNanoseconds: Int64(number) * 1000))
      }
      benchmark.stopMeasurement()
      blackHole(digest.cachedNanoseconds)
    }
  }

  /// Both breakers, the limits, the budget, the detector and a pick by latency, as a request passes
  /// them; per request of each thread.
  private static func chain(threads: Int) {
    Benchmark("chain-on-\(threads)-threads") { benchmark in
      let shared = ChainOfMachines()
      let count = benchmark.scaledIterations.count
      benchmark.startMeasurement()
      await withTaskGroup(of: Void.self) { group in
        for thread in 0..<threads {
          group.addTask { shared.run(count, seed: UInt64(thread)) }
        }
      }
      benchmark.stopMeasurement()
    }
  }
}
