import Resilience
import Testing

/// Whether a call that was cancelled speaks against its service depends on who cancelled it.
struct DeadlineOutcomeTests {
  private let clock = ManualClock()

  /// One that opens at its first failure.
  private var breaker: CircuitBreaker {
    CircuitBreaker(policy: CircuitBreakerPolicy(consecutiveFailures: 1), clock: clock)
  }

  /// A call that never ends, under a deadline of a second outside the breaker and one of a minute
  /// inside it.
  private func call(_ breaker: CircuitBreaker) -> Task<Void, any Error> {
    let clock = clock
    return Task {
      try await withDeadline(.seconds(1), clock: clock) {
        try await breaker.run {
          try await withDeadline(.seconds(60), clock: clock) {
            try await clock.sleep(for: .seconds(1000))
          }
        }
      }
    }
  }

  @Test func timeThatIsUpIsAFailure() async throws {
    let breaker = breaker
    let call = call(breaker)
    await clock.sleepers(3)
    clock.advance(by: .seconds(1))
    await #expect(throws: DeadlineExceeded(timeout: .seconds(1))) { try await call.value }
    #expect(breaker.state == .open)
  }

  @Test func whoLeavesIsNone() async throws {
    let breaker = breaker
    let call = call(breaker)
    await clock.sleepers(3)
    call.cancel()
    await #expect(throws: CancellationError.self) { try await call.value }
    #expect(breaker.state == .closed)
  }

  @Test func anInnerDeadlineIsAnErrorAsAnyOther() async throws {
    let breaker = breaker
    let clock = clock
    let call = Task {
      try await breaker.run {
        try await withDeadline(.seconds(1), clock: clock) {
          try await clock.sleep(for: .seconds(1000))
        }
      }
    }
    await clock.sleepers(2)
    clock.advance(by: .seconds(1))
    await #expect(throws: DeadlineExceeded.self) { try await call.value }
    #expect(breaker.state == .open)
  }

  @Test func refusalsSayNothingOfTheService() {
    let refusals: [any Error] = [
      CircuitBreakerOpen(retryAfter: .zero), RateLimited(retryAfter: .zero),
      ConcurrencyExceeded(limit: 1),
    ]
    for refusal in refusals {
      #expect(Outcome.standard(Result<Int, any Error>.failure(refusal)) == .ignored)
    }
    let late = DeadlineExceeded(timeout: .zero)
    #expect(Outcome.standard(Result<Int, any Error>.failure(late)) == .failure)
    #expect(Outcome.standard(Result<Int, any Error>.success(1)) == .success)
  }
}
