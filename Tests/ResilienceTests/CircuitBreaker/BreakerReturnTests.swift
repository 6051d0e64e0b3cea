import Primitives
import Testing

@testable import Resilience

/// How a breaker comes back: by time alone, by rates, and without opening again for what it tolerates.
struct BreakerReturnTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func at(_ duration: Duration) -> Instant { start.advanced(by: duration) }

  private func machine(_ change: (inout CircuitBreakerPolicy) -> Void = { _ in })
    -> CircuitBreakerMachine
  {
    var policy = CircuitBreakerPolicy()
    policy.openJitter = .zero
    change(&policy)
    return CircuitBreakerMachine(policy, seed: 7)
  }

  @discardableResult
  private func call(
    _ machine: inout CircuitBreakerMachine, _ outcome: Outcome, _ now: Instant,
    took: Duration = .zero
  ) -> CircuitBreaker.Transition? {
    guard case .admitted(let ticket) = machine.admit(now) else { return nil }
    return machine.record(ticket, outcome, nanoseconds: took.nanosecondsClamped, now)
  }

  /// Nobody calls any more: the alert must clear all the same, and each change is told once.
  @Test func statesMoveWithoutTraffic() {
    var machine = machine()
    for _ in 0..<5 { call(&machine, .failure, start) }
    #expect(machine.advance(to: at(.seconds(4))) == nil && machine.state == .open)
    let half = machine.advance(to: at(.seconds(5)))
    #expect(half?.from == .open && half?.to == .halfOpen && half?.reason == .openTimeEnded)
    #expect(machine.advance(to: at(.seconds(5))) == nil)
    guard case .admitted(let probe) = machine.admit(at(.seconds(6))) else {
      Issue.record("the first call is no probe")
      return
    }
    #expect(probe.isProbe && probe.transition(at: at(.seconds(6))) == nil)
    #expect(machine.record(probe, .success, nanoseconds: 0, at(.seconds(6))) == nil)
    #expect(call(&machine, .success, at(.seconds(6)))?.to == .recovering)
    #expect(machine.state == .recovering)
    #expect(machine.figures(at(.seconds(6))).admittedShare == .percent(10))
    #expect(machine.advance(to: at(.seconds(15))) == nil)
    let closed = machine.advance(to: at(.seconds(16)))
    #expect(closed?.from == .recovering && closed?.to == .closed)
    #expect(closed?.reason == .recoveryEnded && machine.state == .closed)
    #expect(machine.advance(to: at(.seconds(17))) == nil)
  }

  @Test func trafficTellsTheEndOfARecoveryOnce() {
    var machine = machine { $0.recovery = .seconds(1) }
    for _ in 0..<5 { call(&machine, .failure, start) }
    for _ in 0..<2 { call(&machine, .success, at(.seconds(5))) }
    #expect(call(&machine, .success, at(.seconds(7)))?.reason == .recoveryEnded)
    #expect(call(&machine, .success, at(.seconds(7))) == nil)
    #expect(machine.advance(to: at(.seconds(8))) == nil)
  }

  @Test func theLibrarysBreakerMovesWhenItIsLookedAt() async {
    let clock = TurnedClock()
    let told = Lock<[CircuitBreaker.State]>([])
    let breaker = CircuitBreaker(
      policy: CircuitBreakerPolicy(openJitter: .zero), clock: clock, seed: 1,
      onTransition: { change in told.withLock { $0.append(change.to) } })
    for _ in 0..<5 { try? await breaker.run { throw Lost() } }
    clock.turn(by: .seconds(5))
    #expect(breaker.state == .halfOpen)
    #expect(told.withLock { $0 } == [.open, .halfOpen])
  }

  private struct Lost: Error {}

  /// `minimumCalls` is 20, and three probes decide all the same; two of three below 90 % are enough.
  @Test func ratesJudgeTheProbes() {
    var machine = machine {
      $0.failureRate = .percent(90)
      $0.consecutiveFailures = 5
    }
    for _ in 0..<5 { call(&machine, .failure, start) }
    #expect(call(&machine, .failure, at(.seconds(5))) == nil)
    #expect(call(&machine, .success, at(.seconds(5)))?.to == .recovering)
  }

  @Test func withoutAFailureRateOneFailureReopens() {
    var machine = machine { $0.failureRate = nil }
    for _ in 0..<5 { call(&machine, .failure, start) }
    call(&machine, .success, at(.seconds(5)))
    #expect(call(&machine, .failure, at(.seconds(5)))?.reason == .probesFailed)
  }

  @Test func slowProbesAreJudgedByTheirRate() {
    var machine = machine {
      $0.slowCall = .seconds(1)
      $0.slowCallRate = .percent(50)
    }
    for _ in 0..<5 { call(&machine, .failure, start) }
    call(&machine, .success, at(.seconds(5)), took: .seconds(2))
    let verdict = call(&machine, .success, at(.seconds(5)), took: .seconds(2))
    #expect(verdict?.reason == .probesSlow)
  }

  /// A service of which half the calls always fail, before a breaker that tolerates 90 %; 1,600
  /// requests a second for twenty minutes. What the row of five opens, nothing opens again at once.
  @Test(arguments: [UInt64(1), 2, 3]) func whatIsToleratedIsAnswered(seed: UInt64) {
    let byRates = answered(
      machine {
        $0.failureRate = .percent(90)
        $0.consecutiveFailures = nil
      }, seed)
    #expect(byRates > 0.45, "seed \(seed): \(byRates)")
    // Where the row of five is asked for, the breaker does what was asked; but it returns each time,
    // and refuses for no longer than the first time.
    let byRows = answered(machine { $0.failureRate = .percent(90) }, seed)
    #expect(byRows > 0.1, "seed \(seed): \(byRows)")
  }

  private func answered(_ fresh: CircuitBreakerMachine, _ seed: UInt64) -> Double {
    var machine = fresh
    var random = RandomSource(seed: seed)
    var good = 0
    let count = 1_920_000
    for number in 0..<count {
      let now = at(.nanoseconds(Int64(number) * 625_000))
      guard case .admitted(let ticket) = machine.admit(now) else { continue }
      let isGood = random.below(2) == 0
      if isGood { good += 1 }
      _ = machine.record(ticket, isGood ? .success : .failure, nanoseconds: 1_000_000, now)
    }
    return Double(good) / Double(count)
  }

  @Test func onlyProbesThatFailDoubleTheOpenTime() {
    var machine = machine { $0.failureRate = nil }
    var times: [Duration] = []
    var now = start
    for _ in 0..<4 {
      var opened: CircuitBreaker.Transition?
      while opened == nil { opened = call(&machine, .failure, now) }
      times.append(opened?.openFor ?? .zero)
      now = now.advanced(by: times.last ?? .zero)
      for _ in 0..<3 { call(&machine, .success, now) }
    }
    #expect(times == Array(repeating: .seconds(5), count: 4))
  }

  /// The jitter is in it, and is still there at the longest.
  @Test(arguments: [Duration.seconds(5), .seconds(7), .seconds(60)]) func theLongestIsTheLongest(
    _ longest: Duration
  ) {
    var times: Set<Duration> = []
    for seed in UInt64(0)..<50 {
      var machine = CircuitBreakerMachine(CircuitBreakerPolicy(openForMax: longest), seed: seed)
      var now = start
      for _ in 0..<8 {
        var opened: CircuitBreaker.Transition?
        while opened == nil { opened = call(&machine, .failure, now) }
        let time = opened?.openFor ?? .zero
        #expect(time >= .seconds(5) && time <= longest, "seed \(seed): \(time)")
        times.insert(time)
        now = now.advanced(by: time)
      }
    }
    #expect(longest == .seconds(5) ? times.count == 1 : times.count > 100)
  }

  /// A tenth is let in: who tries each second waits for about ten, and not for the ten minutes.
  @Test func whoIsHeldBackIsToldWhatToExpect() {
    var machine = machine { $0.recovery = .seconds(600) }
    for _ in 0..<5 { call(&machine, .failure, start) }
    let closed = at(.seconds(5))
    for _ in 0..<2 { call(&machine, .success, closed) }
    func waits(_ now: Instant) -> [Double] {
      (0..<1000).compactMap { _ in
        guard case .refused(let wait) = machine.admit(now) else { return nil }
        return Double(wait) / 1e9
      }
    }
    let early = waits(closed)
    #expect(early.count > 800 && early.allSatisfy { $0 >= 5 && $0 <= 15 })
    #expect(Set(early).count > 700)
    let late = waits(closed.advanced(by: .seconds(300)))
    #expect(late.allSatisfy { $0 >= 0.5 && $0 < 3 })
    let last = waits(closed.advanced(by: .milliseconds(599_900)))
    #expect(last.allSatisfy { $0 <= 0.1 })
  }
}
