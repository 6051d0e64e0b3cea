import Primitives
import Resilience
import Testing

/// The async entry points on a clock that is moved by hand.
struct RetryRunTests {
  struct Lost: Error {}
  struct Busy: Error {}
  private let clock = ManualClock()

  private static func isLost(_ error: any Error) -> Bool { error is Lost }

  @Test func itTriesUntilItWorks() async throws {
    let budget = RetryBudget(minimum: 1)
    let retry = Retry(policy: RetryPolicy(attempts: 3), budget: budget, clock: clock, seed: 1)
    let call = Task {
      try await retry.run(isRetriable: Self.isLost) { attempt in
        if attempt < 3 { throw Lost() }
        return attempt
      }
    }
    for _ in 0..<2 {
      await clock.sleepers(1)
      #expect(budget.inFlight == (1, 1))
      clock.advance(by: .milliseconds(50))
    }
    #expect(try await call.value == 3)
    #expect(budget.inFlight == (0, 0))
  }

  @Test func theLastErrorIsThrown() async {
    let retry = Retry(policy: RetryPolicy(attempts: 2, backoff: Backoff(base: .zero, max: .zero)))
    var attempts = 0
    await #expect(throws: Busy.self) {
      try await retry.run(isRetriable: Self.isLost) { attempt in
        attempts = attempt
        if attempt == 1 { throw Lost() }
        throw Busy()
      }
    }
    #expect(attempts == 2)
  }

  @Test func whatIsNotRetriableIsNotRetried() async {
    let budget = RetryBudget()
    let retry = Retry(policy: RetryPolicy(attempts: 5), budget: budget)
    var attempts = 0
    await #expect(throws: Busy.self) {
      try await retry.run(isRetriable: Self.isLost) { attempt in
        attempts = attempt
        throw Busy()
      }
    }
    #expect(attempts == 1 && budget.inFlight == (0, 0))
  }

  @Test func aSpentBudgetAndALongRetryAfterEndIt() async {
    let none = Retry(
      policy: RetryPolicy(attempts: 5), budget: RetryBudget(ratio: .zero, minimum: 0))
    await #expect(throws: Lost.self) {
      try await none.run(isRetriable: Self.isLost) { _ in throw Lost() }
    }
    let retry = Retry(policy: RetryPolicy(attempts: 5, retryAfterMax: .seconds(1)))
    await #expect(throws: Lost.self) {
      try await retry.run(
        isRetriable: Self.isLost, retryAfter: { _ in .seconds(2) },
        operation: { _ in throw Lost() })
    }
  }

  @Test func aCancelledWaitThrowsAndGivesThePlaceBack() async {
    let budget = RetryBudget()
    let retry = Retry(policy: RetryPolicy(attempts: 5), budget: budget, clock: clock)
    let call = Task {
      try await retry.run(
        isRetriable: Self.isLost, retryAfter: { _ in .seconds(10) },
        operation: { _ in throw Lost() })
    }
    await clock.sleepers(1)
    call.cancel()
    await #expect(throws: CancellationError.self) { try await call.value }
    #expect(budget.inFlight == (0, 0))
  }
}
