import Primitives
import Testing

@testable import Resilience

/// Calls that are counted before they have ended, and what their end makes of that (decision 0010).
struct EarlyVerdictTests {
  private static let second: Int64 = 1_000_000_000

  private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * Self.second) }

  private func machine(
    _ change: (inout CircuitBreakerPolicy) -> Void
  ) -> CircuitBreakerMachine {
    var policy = CircuitBreakerPolicy()
    policy.failureRate = nil
    policy.consecutiveFailures = nil
    policy.openJitter = .zero
    policy.recovery = .zero
    change(&policy)
    return CircuitBreakerMachine(policy, seed: 1)
  }

  private func ticket(
    _ machine: inout CircuitBreakerMachine, _ now: Instant
  ) throws -> CircuitBreaker.Ticket {
    guard case .admitted(let ticket) = machine.admit(now) else {
      throw Divergence("refused at \(now)")
    }
    return ticket
  }

  /// Whoever ends it: a caller that left says nothing, the time that it waited does.
  @Test func aCallThatNobodyWaitedForIsSlowIfItLastedLongEnough() throws {
    var machine = machine {
      $0.slowCall = .milliseconds(300)
      $0.slowCallRate = .percent(50)
      $0.minimumCalls = 10
    }
    for _ in 0..<20 {
      let quick = try ticket(&machine, at(0))
      #expect(machine.record(quick, .ignored, nanoseconds: 299_000_000, at(0)) == nil)
    }
    #expect(machine.figures(at(0)).calls == 0)
    for number in 1...10 {
      let call = try ticket(&machine, at(0))
      let change = machine.record(call, .ignored, nanoseconds: Self.second, at(0))
      #expect((change?.reason == .slowCallRate) == (number == 10))
    }
  }

  /// Where nobody said what is slow, a call without an end counts for nothing, however long.
  @Test func withoutSlowCallNothingIsSlow() throws {
    var machine = machine {
      $0.failureRate = .percent(50)
      $0.minimumCalls = 1
    }
    let call = try ticket(&machine, at(0))
    #expect(machine.record(call, .ignored, nanoseconds: .max, at(0)) == nil)
    #expect(machine.figures(at(0)).calls == 0)
  }

  @Test func aBrokenAnswerIsOneFailureAndNoSuccess() throws {
    var machine = machine {
      $0.failureRate = .percent(100)
      $0.minimumCalls = 3
    }
    for number in 1...3 {
      let call = try ticket(&machine, at(1))
      #expect(machine.recordEarly(call, nanoseconds: 5, at(1)) == nil)
      let change = machine.amend(call, .failure, countedAt: at(1), at(2))
      #expect((change?.reason == .failureRate) == (number == 3))
    }
  }

  /// Heads alone end no row.
  @Test func brokenAnswersInARowOpen() throws {
    var machine = machine { $0.consecutiveFailures = 3 }
    var changes: [CircuitBreaker.Reason?] = []
    for _ in 0..<2 {
      let call = try ticket(&machine, at(1))
      _ = machine.recordEarly(call, nanoseconds: 5, at(1))
      changes.append(machine.amend(call, .failure, countedAt: at(1), at(1))?.reason)
    }
    let left = try ticket(&machine, at(1))
    _ = machine.recordEarly(left, nanoseconds: 5, at(1))
    let last = try ticket(&machine, at(1))
    changes.append(machine.record(last, .failure, nanoseconds: 5, at(1))?.reason)
    #expect(changes == [nil, nil, .consecutiveFailures])
  }

  @Test func aWholeAnswerEndsTheRow() throws {
    var machine = machine { $0.consecutiveFailures = 2 }
    for outcome in [Outcome.failure, .success, .failure, .success] {
      let call = try ticket(&machine, at(1))
      _ = machine.recordEarly(call, nanoseconds: 5, at(1))
      #expect(machine.amend(call, outcome, countedAt: at(1), at(1)) == nil)
    }
  }

  /// The window has forgotten the head by then: the break is of now.
  @Test(arguments: [false, true]) func aBreakLongAfterTheHeadCountsNow(ofCalls: Bool) throws {
    var machine = machine {
      $0.failureRate = .percent(50)
      $0.minimumCalls = 3
      if ofCalls { $0.window = .calls(4) }
    }
    let long = try (0..<3).map { _ in try ticket(&machine, at(0)) }
    for call in long { #expect(machine.recordEarly(call, nanoseconds: 5, at(0)) == nil) }
    for _ in 0..<2 {
      let call = try ticket(&machine, at(500))
      _ = machine.record(call, .success, nanoseconds: 5, at(500))
    }
    let changes = long.map { machine.amend($0, .failure, countedAt: at(0), at(500))?.to }
    #expect(changes.contains(.open), "\(changes) \(machine.figures(at(500)))")
    #expect(machine.figures(at(500)).failures <= machine.figures(at(500)).calls)
  }

  /// A probe's place is free with the head, and three bad ends open again what three heads closed.
  @Test func probesThatBreakOffOpenAgain() throws {
    var machine = machine {
      $0.failureRate = .percent(50)
      $0.minimumCalls = 1
      $0.halfOpenCalls = 3
      $0.openFor = .seconds(1)
    }
    let first = try ticket(&machine, at(0))
    #expect(machine.record(first, .failure, nanoseconds: 5, at(0))?.to == .open)
    let probes = try (0..<3).map { _ in try ticket(&machine, at(2)) }
    #expect(machine.admit(at(2)) == .refused(retryAfterNanoseconds: 0))
    #expect(
      probes.map { machine.recordEarly($0, nanoseconds: 5, at(2))?.to } == [nil, .closed, nil])
    #expect(
      probes.map { machine.amend($0, .failure, countedAt: at(2), at(3))?.reason }
        == [nil, .probesFailed, nil])
    #expect(machine.state == .open)
  }

  @Test func aProbeThatHangsIsSlowAtOnce() throws {
    var machine = machine {
      $0.slowCall = .milliseconds(300)
      $0.slowCallRate = .percent(80)
      $0.minimumCalls = 1
      $0.halfOpenCalls = 1
      $0.openFor = .seconds(1)
    }
    let first = try ticket(&machine, at(0))
    #expect(machine.recordEarly(first, nanoseconds: Self.second, at(0))?.to == .open)
    let probe = try ticket(&machine, at(2))
    #expect(machine.recordEarly(probe, nanoseconds: 300_000_001, at(2))?.reason == .probesSlow)
    // Its end changes nothing any more.
    #expect(machine.amend(probe, .success, countedAt: at(2), at(3)) == nil)
    #expect(machine.state == .open)
  }
}
