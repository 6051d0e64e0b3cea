import Primitives
import Testing

@testable import Resilience

/// Answers that are told to the detector by their heads, and calls that were cut before one.
struct EarlyResultTests {
  private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

  private func machine(
    _ change: (inout OutlierPolicy) -> Void = { _ in }
  ) -> OutlierDetectorMachine {
    var policy = OutlierPolicy()
    policy.ejectionJitter = .zero
    change(&policy)
    var machine = OutlierDetectorMachine(policy, seed: 1, now: at(0))
    for slot in 0..<3 { #expect(machine.join() == slot) }
    return machine
  }

  /// A good head and no end, five times.
  @Test func answersThatBreakOffEject() {
    var machine = machine()
    var ejections: [OutlierDetector.Ejection] = []
    for _ in 0..<5 {
      machine.recordEarly(1, nanoseconds: 1000)
      if let ejection = machine.amend(1, .localOriginFailure, countedAt: at(1), at(1)) {
        ejections.append(ejection)
      }
    }
    #expect(ejections.map(\.cause) == [.consecutiveLocalOriginFailures])
  }

  @Test func answersThatComeWholeEndTheRow() {
    var machine = machine()
    for number in 0..<20 {
      machine.recordEarly(1, nanoseconds: 1000)
      let result: AttemptResult = number % 5 == 4 ? .success : .localOriginFailure
      #expect(machine.amend(1, result, countedAt: at(1), at(1)) == nil)
    }
  }

  /// One attempt is one call, whether its head came in this interval or long before.
  @Test(arguments: [Int64(1), 25]) func oneAttemptHasOneResult(brokeAt: Int64) {
    var machine = machine {
      $0.consecutiveLocalOriginFailures = nil
      $0.successRate = nil
    }
    for _ in 0..<10 { machine.recordEarly(1, nanoseconds: 1000) }
    _ = machine.advance(at(brokeAt))
    for _ in 0..<4 {
      _ = machine.amend(1, .localOriginFailure, countedAt: at(1), at(brokeAt))
    }
    #expect(machine.members[1].calls == (brokeAt == 1 ? 10 : 4))
    #expect(machine.members[1].successes == (brokeAt == 1 ? 6 : 0))
  }

  /// An endpoint that hangs, and whose clients all give up after a second.
  @Test func callsThatWereCutHaveALatency() {
    var machine = machine {
      $0.latency = OutlierPolicy.Latency()
      $0.successRate = nil
    }
    for _ in 0..<30 {
      for slot in [0, 2] { _ = machine.record(slot, .success, nanoseconds: 5_000_000, at(1)) }
      _ = machine.record(1, .unanswered, nanoseconds: 1_000_000_000, at(1))
    }
    let changes = machine.advance(at(10))
    guard case .ejected(let ejection)? = changes.first, changes.count == 1 else {
      Issue.record("\(changes)")
      return
    }
    #expect(ejection.slot == 1 && ejection.cause == .latency)
  }

  /// What was cut early may have become anything: it does not make an endpoint look fast.
  @Test func callsThatWereCutEarlySayNothing() {
    var histogram = LatencyHistogram()
    for _ in 0..<10 { histogram.add(800_000_000) }
    for _ in 0..<100 { histogram.add(atLeast: 2_000_000) }
    #expect(histogram.total == 10)
    for _ in 0..<30 { histogram.add(atLeast: 3_000_000_000) }
    #expect(histogram.median > 2_500_000_000)
  }
}
