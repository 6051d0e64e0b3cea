import Primitives
import Synchronization
import Testing

@testable import Resilience

/// One policy in place of nested closures: its order, its parts left out, what must not act twice, and
/// what runs where the caller does.
struct ResiliencePolicyTests {
  private struct Failed: Error {}

  private func breaker(_ failures: Int = 2) -> CircuitBreaker {
    CircuitBreaker(
      name: "pharmacy", policy: CircuitBreakerPolicy(consecutiveFailures: failures), seed: 1)
  }

  @Test func withoutPartsItOnlyCalls() async throws {
    #expect(try await ResiliencePolicy().run { 7 } == 7)
    await #expect(throws: Failed.self) { try await ResiliencePolicy().run { throw Failed() } }
    #expect(try await InPlacePolicy().run { $0 } == 1)
  }

  /// The breaker stands around the retries: what a retry mended is no failure, and a refusal passes
  /// once. The rate and the limit stand before it and count calls, not attempts.
  @Test func theOrderIsThatOfTheProxy() async throws {
    let calls = Atomic<Int>(0)
    let breaker = breaker(1)
    let limiter = ConcurrencyLimiter(name: "pharmacy")
    let policy = ResiliencePolicy(
      inPlace: InPlacePolicy(
        rateLimiter: RateLimiter(
          name: "tenants", policy: RateLimitPolicy(requests: 2, per: .seconds(3600))),
        limiter: limiter, breaker: breaker,
        retry: Retry(
          policy: RetryPolicy(
            attempts: 3, backoff: Backoff(base: .zero, max: .zero)), budget: RetryBudget()),
        isRetriable: { $0 is Failed }))
    let answer = try await policy.run {
      if calls.add(1, ordering: .relaxed).newValue < 3 { throw Failed() }
      return "mended"
    }
    #expect(answer == "mended" && calls.load(ordering: .relaxed) == 3)
    #expect(breaker.state == .closed && breaker.figures.calls == 1)
    await #expect(throws: Failed.self) { try await policy.run { throw Failed() } }
    #expect(breaker.state == .open && limiter.inFlight == 0)
    // Two were let through: the third meets the rate before the open breaker.
    await #expect(throws: RateLimited.self) { try await policy.run { 1 } }
  }

  @Test func onceIsOnce() async throws {
    let calls = Atomic<Int>(0)
    let policy = ResiliencePolicy(
      inPlace: InPlacePolicy(
        retry: Retry(policy: RetryPolicy(attempts: 5)), isRetriable: { _ in true }),
      hedge: Hedge())
    await #expect(throws: Failed.self) {
      try await policy.once.run {
        calls.add(1, ordering: .relaxed)
        throw Failed()
      }
    }
    #expect(calls.load(ordering: .relaxed) == 1)
    #expect(policy.once.hedge == nil && policy.once.inPlace.retry == nil)
    #expect(policy.hedge != nil && policy.inPlace.retry != nil)
  }

  /// The fallback is for what is not even tried.
  @Test func theFallbackStandsInForTheBreakerAlone() async throws {
    let breaker = breaker(1)
    let policy = ResiliencePolicy(inPlace: InPlacePolicy(breaker: breaker))
    await #expect(throws: Failed.self) {
      try await policy.run(operation: { () -> Int in throw Failed() }, fallback: { _ in 1 })
    }
    let answer = try await policy.run(operation: { 2 }, fallback: { $0.name.count })
    #expect(answer == "pharmacy".count)
  }

  @Test func theDeadlinesBoundTheCallAndTheAttempt() async throws {
    let clock = ManualClock()
    let attempts = Atomic<Int>(0)
    let policy = ResiliencePolicy(
      deadline: .seconds(5),
      inPlace: InPlacePolicy(
        retry: Retry(
          policy: RetryPolicy(attempts: 2, backoff: Backoff(base: .zero, max: .zero)),
          clock: clock),
        isRetriable: { $0 is DeadlineExceeded }),
      attemptDeadline: .seconds(1), clock: clock)
    let call = Task {
      try await policy.run {
        if attempts.add(1, ordering: .relaxed).newValue == 1 {
          try await clock.sleep(for: .seconds(100))
        }
        return "second"
      }
    }
    // The attempt's deadline, and that of the call.
    await clock.sleepers(3)
    clock.advance(by: .seconds(1))
    #expect(try await call.value == "second")
    #expect(attempts.load(ordering: .relaxed) == 2)
  }

  /// No task is begun: what is not Sendable may be captured, and the caller's isolation stays.
  @Test func inPlaceTakesWhatIsNotSendable() async throws {
    final class Counter {
      var count = 0
    }
    let counter = Counter()
    let policy = InPlacePolicy(
      limiter: ConcurrencyLimiter(), breaker: breaker(), retry: Retry(),
      isRetriable: { _ in true })
    let answer = try await policy.run { attempt in
      counter.count += 1
      return counter.count * 10 + attempt
    }
    #expect(answer == 11 && counter.count == 1)
  }

  // MARK: Errors and figures

  @Test func errorsNameTheirPolicyAndDescribeThemselves() async throws {
    let breaker = breaker(1)
    _ = try? await breaker.run { throw Failed() }
    do {
      try await breaker.run {}
      Issue.record("an open breaker lets nobody through")
    } catch {
      let text = "\(error)"
      #expect(
        text.hasPrefix("the circuit breaker pharmacy refused the call; it opened on "), "\(text)")
      #expect(text.contains("consecutive_failures: 1 failed in a row; try again in "), "\(text)")
    }
    let rate = RateLimiter(name: "tenants", policy: RateLimitPolicy(requests: 1, per: .seconds(60)))
    _ = try await rate.run { 1 }
    do {
      try await rate.run {}
      Issue.record("the rate is used up")
    } catch {
      #expect("\(error)".hasPrefix("the rate limit tenants is used up; try again in "))
    }
    #expect(
      "\(ConcurrencyExceeded(name: "pharmacy", limit: 20))"
        == "the concurrency limit pharmacy of 20 calls is full")
    #expect("\(ConcurrencyExceeded(limit: 1))" == "the concurrency limit of 1 calls is full")
    #expect("\(DeadlineExceeded(timeout: .seconds(5)))" == "not done within 5.0 seconds")
    #expect("\(CircuitBreakerOpen(retryAfter: .zero))" == "the circuit breaker refused the call")
  }

  @Test func figuresCanBeRead() async throws {
    let breaker = breaker()
    _ = try await breaker.run { 1 }
    _ = try? await breaker.run { throw Failed() }
    var figures = breaker.figures
    #expect(figures.calls == 2 && figures.failures == 1 && figures.consecutiveFailures == 1)
    #expect(figures.state == .closed && figures.openFor == nil && figures.opening == nil)
    _ = try? await breaker.run { throw Failed() }
    figures = breaker.figures
    #expect(figures.state == .open && (figures.openFor ?? .zero) > .zero)
    let opening = try #require(figures.opening)
    #expect(opening.reason == .consecutiveFailures && opening.consecutiveFailures == 2)
    #expect(opening.calls == 3 && opening.failures == 2)
    let limiter = ConcurrencyLimiter(policy: ConcurrencyPolicy(minimum: 1, maximum: 1))
    try await limiter.run {
      #expect(limiter.inFlight == 1)
      _ = try? await limiter.run {}
    }
    #expect(limiter.refused == 1 && limiter.limit == 1 && limiter.inFlight == 0)
    let hedge = Hedge()
    _ = try await hedge.run { _ in hedge.inFlight.calls }
    #expect(hedge.inFlight.calls == 0 && hedge.delay == nil)
  }
}
