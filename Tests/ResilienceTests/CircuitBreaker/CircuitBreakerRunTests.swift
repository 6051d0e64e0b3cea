import Primitives
import Testing

@testable import Resilience

/// The entry point of Swift services.
struct CircuitBreakerRunTests {
  private struct Broken: Error {}

  private let clock = TurnedClock()
  private let told = Lock<[CircuitBreaker.Transition]>([])

  private func breaker(_ change: (inout CircuitBreakerPolicy) -> Void = { _ in }) -> CircuitBreaker
  {
    var policy = CircuitBreakerPolicy()
    policy.openJitter = .zero
    change(&policy)
    let told = told
    return CircuitBreaker(policy: policy, clock: clock, seed: 1) { transition in
      told.withLock { $0.append(transition) }
    }
  }

  private func fail(_ breaker: CircuitBreaker, times: Int) async {
    for _ in 0..<times {
      await #expect(throws: Broken.self) { try await breaker.run { throw Broken() } }
    }
  }

  @Test func opensRefusesProbesAndCloses() async throws {
    let breaker = breaker()
    #expect(try await breaker.run { 7 } == 7)
    await fail(breaker, times: 5)
    #expect(breaker.state == .open)
    clock.turn(by: .seconds(2))
    await #expect(throws: CircuitBreakerOpen(retryAfter: .seconds(3))) {
      try await breaker.run { Issue.record("the call was made") }
    }
    clock.turn(by: .seconds(3))
    for _ in 0..<2 { try await breaker.run {} }
    let path = told.withLock { $0.map(\.to) }
    #expect(path == [.open, .halfOpen, .recovering])
  }

  @Test func measuresSlowCalls() async throws {
    let clock = clock
    let breaker = breaker {
      $0.slowCall = .seconds(1)
      $0.minimumCalls = 2
    }
    for _ in 0..<2 { try await breaker.run { clock.turn(by: .seconds(2)) } }
    #expect(told.withLock { $0.map(\.reason) } == [.slowCallRate])
  }

  @Test func resultsCanBeFailures() async throws {
    let judge = { (result: Result<Int, any Error>) -> Outcome in
      (try? result.get()) == 503 ? .failure : .success
    }
    let breaker = breaker()
    for _ in 0..<5 {
      let status = try await breaker.run(outcome: judge) { 503 }
      #expect(status == 503)
    }
    #expect(breaker.state == .open)
  }

  @Test func whoLeavesCountsNeitherWay() async {
    let breaker = breaker()
    await fail(breaker, times: 4)
    for _ in 0..<50 {
      await #expect(throws: CancellationError.self) {
        try await breaker.run { throw CancellationError() }
      }
    }
    #expect(breaker.figures(now: Instant(nanoseconds: 0)).calls == 4)
    await fail(breaker, times: 1)
    #expect(breaker.state == .open)
  }

  @Test func canBeForcedAndReleased() async {
    let breaker = breaker()
    breaker.set(.forcedOpen)
    await #expect(throws: CircuitBreakerOpen(retryAfter: .zero)) { try await breaker.run {} }
    breaker.set(.disabled)
    await fail(breaker, times: 50)
    #expect(told.withLock { $0.map(\.to) } == [.forcedOpen, .disabled])
  }
}
