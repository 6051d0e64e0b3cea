import Primitives
import Resilience
import Testing

struct LimiterRunTests {
  struct Lost: Error {}
  private let clock = ManualClock()

  @Test func concurrencyIsTakenAndGivenBack() async throws {
    let limiter = ConcurrencyLimiter(
      policy: ConcurrencyPolicy(minimum: 1, maximum: 1, initial: 1), clock: clock)
    let reply = try await limiter.run {
      await #expect(throws: ConcurrencyExceeded(limit: 1)) { try await limiter.run { 2 } }
      return 1
    }
    #expect(reply == 1 && limiter.inFlight == 0)
    await #expect(throws: Lost.self) { try await limiter.run { throw Lost() } }
    await #expect(throws: CancellationError.self) {
      try await limiter.run { throw CancellationError() }
    }
    #expect(limiter.inFlight == 0)
  }

  @Test func theLowAreRefusedFirst() async throws {
    let limiter = ConcurrencyLimiter(
      policy: ConcurrencyPolicy(minimum: 10, maximum: 10, initial: 10), clock: clock)
    for _ in 0..<7 { #expect(limiter.acquire()) }
    await #expect(throws: ConcurrencyExceeded.self) { try await limiter.run(priority: .low) { 1 } }
    #expect(try await limiter.run(priority: .normal) { 1 } == 1)
  }

  @Test func ratesRefuseWithATime() async throws {
    let limiter = RateLimiter(policy: RateLimitPolicy(requests: 1, burst: 1), clock: clock)
    #expect(try await limiter.run { 1 } == 1)
    await #expect(throws: RateLimited(retryAfter: .seconds(1))) { try await limiter.run { 1 } }
    clock.advance(by: .seconds(1))
    #expect(limiter.tryAcquire() && !limiter.tryAcquire())
    #expect(limiter.tryAcquire(key: "a") && limiter.tryAcquire(key: "b"))
    await #expect(throws: RateLimited.self) { try await limiter.run(key: "a") { 1 } }
  }
}
