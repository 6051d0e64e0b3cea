import Primitives
import Testing

@testable import Resilience
@testable import Simulation

/// Defaults must not misfire on a service that is well and varies as services do
/// (docs/decisions/0016). `KneeSearchTests` has the adaptive limit.
struct DefaultsTests {
  private func openings(
    _ policy: CircuitBreakerPolicy, failing: UInt32, perSecond: Int64, calls: Int, seed: UInt64
  ) -> Int {
    var machine = CircuitBreakerMachine(policy, seed: seed)
    var random = RandomSource(seed: seed)
    var openings = 0
    for number in 0..<calls {
      let now = Instant(nanoseconds: Int64(number) * 1_000_000_000 / perSecond)
      guard case .admitted(let ticket) = machine.admit(now) else { continue }
      let outcome: Outcome = random.below(100) < failing ? .failure : .success
      let change = machine.record(ticket, outcome, nanoseconds: 1_000_000, now)
      if change?.to == .open { openings += 1 }
    }
    return openings
  }

  @Test(arguments: [Int64(3), 30, 300, 3000]) func ratesTolerateOrdinaryFailures(perSecond: Int64) {
    var policy = CircuitBreakerPolicy()
    policy.consecutiveFailures = nil
    for seed in UInt64(1)...3 {
      #expect(
        openings(policy, failing: 5, perSecond: perSecond, calls: 250_000, seed: seed) == 0,
        "seed \(seed)")
    }
    // And the one that is ill is found.
    #expect(openings(policy, failing: 60, perSecond: perSecond, calls: 2000, seed: 1) > 0)
  }

  /// Why the row is for endpoints only: a service of which a fifth fails is shut off by it.
  @Test func aRowOfFiveIsForEndpoints() {
    let policy = CircuitBreakerPolicy()
    #expect(openings(policy, failing: 1, perSecond: 300, calls: 500_000, seed: 1) == 0)
    #expect(openings(policy, failing: 20, perSecond: 300, calls: 100_000, seed: 1) > 3)
  }

  /// Requests of 60 ms of which some fail and are tried again after a back-off.
  private func refusedShare(failing: UInt32, perSecond: Double, seed: UInt64) -> Double {
    let budget = RetryBudget()
    let backoff = Backoff()
    var random = RandomSource(seed: seed)
    var events = EndHeap()
    var now = 0.0
    var next = 0.0
    var (asked, refused) = (0, 0)
    for _ in 0..<60_000 {
      if let first = events.first, first.time <= next {
        let done = events.removeFirst()
        now = done.time
        let isRetry = done.work > 0
        if isRetry { budget.retryEnded() }
        let fails = !isRetry && random.below(100) < failing
        if fails { asked += 1 }
        if fails, budget.tryBeginRetry() {
          let wait = Double(backoff.nanoseconds(retry: 1, random: &random))
          let end = now + wait + 60e6 * random.exponential()
          events.insert(EndHeap.End(time: end, arrived: now, work: 1))
        } else {
          if fails { refused += 1 }
          budget.requestEnded()
        }
      } else {
        now = next
        next = now + random.exponential() / perSecond * 1e9
        budget.requestBegan()
        let end = now + 60e6 * random.exponential()
        events.insert(EndHeap.End(time: end, arrived: now, work: 0))
      }
    }
    #expect(asked > 100, "seed \(seed)")
    return Double(refused) / Double(asked)
  }

  @Test(arguments: [10.0, 100, 1000, 10_000]) func theRetryBudgetLeavesRoom(perSecond: Double) {
    for seed in UInt64(1)...3 {
      #expect(refusedShare(failing: 1, perSecond: perSecond, seed: seed) == 0, "seed \(seed)")
      let more = refusedShare(failing: 5, perSecond: perSecond, seed: seed)
      #expect(more < 0.015, "seed \(seed): \(more)")
    }
  }
}
