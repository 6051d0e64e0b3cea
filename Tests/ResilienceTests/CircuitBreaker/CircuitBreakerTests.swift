import Primitives
import Testing

@testable import Resilience

/// The breaker's promises, one by one.
struct CircuitBreakerTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func at(_ duration: Duration) -> Instant { start.advanced(by: duration) }

  private func ticket(_ breaker: CircuitBreaker, _ now: Instant) throws -> CircuitBreaker.Ticket {
    guard case .admitted(let ticket) = breaker.admit(now: now) else {
      throw Divergence("refused at \(now)")
    }
    return ticket
  }

  @discardableResult
  private func call(
    _ breaker: CircuitBreaker, _ outcome: Outcome, _ now: Instant, took: Duration = .zero
  ) throws -> CircuitBreaker.Transition? {
    breaker.record(
      try ticket(breaker, now), outcome, nanoseconds: took.nanosecondsClamped, now: now)
  }

  private func opened(_ policy: CircuitBreakerPolicy) throws -> CircuitBreaker {
    let breaker = CircuitBreaker(policy, seed: 7)
    for _ in 0..<4 { #expect(try call(breaker, .failure, start) == nil) }
    let transition = try #require(try call(breaker, .failure, start))
    #expect(transition.reason == .consecutiveFailures && transition.to == .open)
    return breaker
  }

  private var steady: CircuitBreakerPolicy {
    var policy = CircuitBreakerPolicy()
    policy.openJitter = .zero
    return policy
  }

  @Test func theDefaultsAreThoseOfTheReference() {
    let policy = CircuitBreakerPolicy()
    #expect(policy.failureRate == .percent(50) && policy.window == .time(.seconds(10)))
    #expect(policy.minimumCalls == 20 && policy.consecutiveFailures == 5)
    #expect(policy.openFor == .seconds(5) && policy.openForMax == .seconds(60))
    #expect(policy.openJitter == .percent(20) && policy.halfOpenCalls == 3)
    #expect(policy.slowCall == nil && policy.slowCallRate == .percent(80))
    #expect(policy.recovery == .seconds(10) && policy.mode == .enforced)
  }

  @Test func refusesUntilTheOpenTimeHasPassed() throws {
    let breaker = try opened(steady)
    #expect(breaker.state == .open && !breaker.isPlainlyClosed)
    #expect(breaker.nextChange == at(.seconds(5)))
    #expect(breaker.admit(now: at(.seconds(4))) == .refused(retryAfterNanoseconds: 1_000_000_000))
    #expect(!breaker.mayAdmit(now: at(.seconds(4))) && breaker.mayAdmit(now: at(.seconds(5))))
    let probe = try ticket(breaker, at(.seconds(5)))
    #expect(probe.beganProbing && probe.isProbe && breaker.state == .halfOpen)
    #expect(probe.transition(at: at(.seconds(5)))?.to == .halfOpen)
  }

  @Test func jitterAddsUpToItsShare() throws {
    let breaker = try opened(CircuitBreakerPolicy())
    #expect(breaker.nextChange > at(.seconds(5)) && breaker.nextChange <= at(.seconds(6)))
  }

  @Test func eachReopeningDoublesTheOpenTime() throws {
    let breaker = try opened(steady)
    var now = start
    var times: [Duration] = []
    for _ in 0..<6 {
      now = breaker.nextChange
      _ = try call(breaker, .failure, now)
      let transition = try #require(try call(breaker, .failure, now))
      #expect(transition.reason == .probesFailed)
      times.append(try #require(transition.openFor))
    }
    #expect(times == [10, 20, 40, 60, 60, 60].map { .seconds($0) })
  }

  @Test func anIgnoredProbeGivesItsSlotBack() throws {
    let breaker = try opened(steady)
    let now = at(.seconds(5))
    let probes = try (0..<3).map { _ in try ticket(breaker, now) }
    #expect(breaker.admit(now: now) == .refused(retryAfterNanoseconds: 0))
    #expect(!breaker.mayAdmit(now: now))
    #expect(breaker.record(probes[0], .ignored, nanoseconds: 0, now: now) == nil)
    #expect(breaker.mayAdmit(now: now))
    #expect(try ticket(breaker, now).isProbe)
  }

  /// Two good ones of three leave a third at most, below a half: the third need not answer.
  @Test func theVerdictComesWhenItIsCertain() throws {
    let breaker = try opened(steady)
    let now = at(.seconds(5))
    let probes = try (0..<3).map { _ in try ticket(breaker, now) }
    #expect(breaker.record(probes[0], .success, nanoseconds: 0, now: now) == nil)
    let transition = breaker.record(probes[1], .success, nanoseconds: 0, now: now)
    #expect(transition?.to == .recovering && transition?.reason == .probesSucceeded)
    #expect(breaker.record(probes[2], .failure, nanoseconds: 0, now: now) == nil)
    #expect(breaker.figures(now: now).calls == 0)
  }

  @Test func trafficReturnsInAStraightLine() throws {
    let breaker = try opened(steady)
    let closed = at(.seconds(5))
    for _ in 0..<2 { try call(breaker, .success, closed) }
    func admitted(_ now: Instant) -> Int {
      (0..<100).count { _ in
        if case .admitted = breaker.admit(now: now) { return true }
        return false
      }
    }
    #expect(admitted(closed) == 10)
    #expect(admitted(closed.advanced(by: .seconds(5))) == 55)
    #expect(breaker.figures(now: closed.advanced(by: .seconds(5))).openings == 1)
    #expect(admitted(closed.advanced(by: .seconds(10))) == 100)
    #expect(breaker.isPlainlyClosed && breaker.figures(now: closed).openings == 0)
  }

  @Test func resultsFromBeforeAChangeDoNotCount() throws {
    let breaker = CircuitBreaker(steady, seed: 7)
    let old = try ticket(breaker, start)
    for _ in 0..<5 { try call(breaker, .failure, start) }
    let now = at(.seconds(5))
    _ = try ticket(breaker, now)
    #expect(breaker.record(old, .failure, nanoseconds: 0, now: now) == nil)
    #expect(breaker.figures(now: now).probesInFlight == 1 && breaker.state == .halfOpen)
  }

  @Test func aSlowSuccessCountsAsSlowOnly() throws {
    var policy = steady
    policy.slowCall = .seconds(1)
    let breaker = CircuitBreaker(policy, seed: 7)
    for _ in 0..<19 {
      #expect(try call(breaker, .success, start, took: .seconds(2)) == nil)
    }
    let figures = breaker.figures(now: start)
    #expect(figures.slow == 19 && figures.failures == 0)
    let transition = try call(breaker, .success, start, took: .zero)
    #expect(transition?.reason == .slowCallRate)
  }

  @Test func modes() throws {
    let breaker = CircuitBreaker(steady, seed: 7)
    #expect(breaker.set(.forcedOpen, now: start)?.to == .forcedOpen)
    #expect(breaker.admit(now: start) == .refused(retryAfterNanoseconds: 0))
    #expect(
      breaker.nextChange == .distantFuture
        && !breaker.mayAdmit(now: .distantFuture.advanced(by: .seconds(-1))))
    let released = breaker.set(.enforced, now: start)
    #expect(released?.from == .forcedOpen && released?.to == .recovering)
    #expect(breaker.set(.enforced, now: start) == nil)
    #expect(breaker.figures(now: start).admittedShare == .percent(10))
    #expect(breaker.set(.disabled, now: start)?.to == .disabled)
    for _ in 0..<50 { #expect(try call(breaker, .failure, start) == nil) }
    #expect(breaker.figures(now: start).calls == 0 && breaker.isPlainlyClosed)
    #expect(breaker.set(.shadow, now: start)?.to == .shadow)
    for _ in 0..<4 { #expect(try call(breaker, .failure, start) == nil) }
    #expect(try call(breaker, .failure, start)?.isShadow == true)
    #expect(try ticket(breaker, start).wouldRefuse && breaker.mayAdmit(now: start))
    #expect(breaker.figures(now: start).underlying == .open && breaker.state == .shadow)
    #expect(breaker.set(.enforced, now: start)?.to == .closed)
    #expect(breaker.isPlainlyClosed && breaker.figures(now: start).calls == 0)
  }
}
