import Primitives
import Testing

@testable import Resilience

/// A breaker whose policy is edited: what was decided stays, what was counted begins anew.
struct BreakerAdoptTests {
  private static func policy(
    openFor: Duration = .seconds(60), halfOpenCalls: Int = 3, recovery: Duration = .zero,
    mode: CircuitBreakerPolicy.Mode = .enforced
  ) -> CircuitBreakerPolicy {
    CircuitBreakerPolicy(
      failureRate: nil, consecutiveFailures: 1, openFor: openFor, openJitter: .zero,
      halfOpenCalls: halfOpenCalls, recovery: recovery, mode: mode)
  }

  private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

  private func fail(_ machine: inout CircuitBreakerMachine, at now: Instant) {
    guard case .admitted(let ticket) = machine.admit(now) else { return }
    _ = machine.record(ticket, .failure, nanoseconds: 0, now)
  }

  private func opened() -> CircuitBreakerMachine {
    var machine = CircuitBreakerMachine(Self.policy(), seed: 1)
    fail(&machine, at: at(0))
    return machine
  }

  @Test func anOpenOneStaysOpenForTheNewTimeSinceItOpened() {
    var machine = opened()
    #expect(machine.adopt(Self.policy(openFor: .seconds(20)), at(10)) == nil)
    #expect(machine.state == .open && machine.until == at(20))
    #expect(machine.adopt(Self.policy(openFor: .seconds(5)), at(10)) == nil)
    #expect(machine.state == .open)
    guard case .admitted(let ticket) = machine.admit(at(10)) else {
      Issue.record("its new time has passed: it probes")
      return
    }
    #expect(ticket.isProbe && machine.state == .halfOpen)
  }

  @Test func aHalfOpenOneProbesAnewByTheNewNumber() {
    var machine = opened()
    guard case .admitted(let old) = machine.admit(at(60)) else {
      Issue.record("a probe goes")
      return
    }
    _ = machine.adopt(Self.policy(halfOpenCalls: 1), at(61))
    #expect(machine.state == .halfOpen)
    // What began before counts no more.
    #expect(machine.record(old, .failure, nanoseconds: 0, at(61)) == nil)
    guard case .admitted(let probe) = machine.admit(at(61)) else {
      Issue.record("its place is free")
      return
    }
    #expect(machine.record(probe, .success, nanoseconds: 0, at(61))?.to == .closed)
  }

  @Test func aRampGoesOnTowardsItsNewEnd() {
    var machine = CircuitBreakerMachine(Self.policy(recovery: .seconds(100)), seed: 1)
    fail(&machine, at: at(0))
    for _ in 0..<3 {
      guard case .admitted(let probe) = machine.admit(at(60)) else { continue }
      _ = machine.record(probe, .success, nanoseconds: 0, at(60))
    }
    #expect(machine.figures(at(65)).admittedShare < .percent(20))
    _ = machine.adopt(Self.policy(recovery: .seconds(10)), at(65))
    let share = machine.figures(at(65)).admittedShare
    #expect(share > .percent(50) && share < .percent(60), "\(share)")
    _ = machine.adopt(Self.policy(recovery: .zero), at(65))
    #expect(machine.figures(at(65)).admittedShare == .all)
  }

  @Test func aModeThatWasSetByHandStaysUntilTheConfiguredOneChanges() {
    var machine = opened()
    _ = machine.set(.forcedOpen, at(1))
    #expect(machine.adopt(Self.policy(openFor: .seconds(1)), at(2)) == nil)
    #expect(machine.state == .forcedOpen)
    #expect(machine.adopt(Self.policy(mode: .shadow), at(3))?.to == .shadow)
  }

  @Test func whatWasCountedBeginsAnew() {
    var policy = Self.policy()
    policy.consecutiveFailures = 2
    var machine = CircuitBreakerMachine(policy, seed: 1)
    fail(&machine, at: at(0))
    policy.openFor = .seconds(1)
    _ = machine.adopt(policy, at(0))
    fail(&machine, at: at(0))
    #expect(machine.state == .closed)
    fail(&machine, at: at(0))
    #expect(machine.state == .open)
  }
}
