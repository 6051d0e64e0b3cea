import Primitives
import Testing
import Upstreams

/// `HealthCheckMachine` against the list of all results: 10^6 events a run.
struct HealthCheckModelTests {
  static let kept: [UInt64] = []
  static let seeds = kept + (1...100).map { UInt64($0) }

  /// The state that a list of results, oldest first, leads to: found from its end, at the last
  /// change that a run of equal results makes certain.
  private static func state(
    _ results: [Bool], _ policy: HealthCheckPolicy
  ) -> HealthCheckMachine.State {
    var run = 0
    for place in results.indices.reversed() {
      run = place + 1 < results.count && results[place] == results[place + 1] ? run + 1 : 1
      // A run this long decides whatever was before; so does the first result, alone.
      if run >= (results[place] ? policy.healthy : policy.unhealthy) || place == 0 {
        return results[place] ? .healthy : .unhealthy
      }
    }
    return .unknown
  }

  @Test(arguments: seeds) func agreesWithTheResults(seed: UInt64) {
    var dice = RandomSource(seed: seed)
    let policy = HealthCheckPolicy(
      healthy: 1 + Int(dice.below(4)), unhealthy: 1 + Int(dice.below(4)))
    var machine = HealthCheckMachine(policy: policy, now: Instant(nanoseconds: 0), random: &dice)
    var now = machine.dueAt
    var results: [Bool] = []
    var isLastGood = true
    for event in 0..<10_000 {
      guard machine.due(now: now) == now.advanced(by: policy.timeout), machine.due(now: now) == nil
      else {
        Issue.record("not due: seed \(seed), event \(event)")
        return
      }
      now = now.advanced(byNanoseconds: Int64(dice.below(1_000_000_000)))
      let before = machine.state
      if dice.below(3) == 0 { isLastGood.toggle() }
      let verdict =
        isLastGood
        ? machine.succeeded(now: now, random: &dice)
        : machine.failed(.status(503), now: now, random: &dice)
      results.append(isLastGood)
      let expected = Self.state(results, policy)
      let wait = verdict.nextCheck.duration(since: now)
      guard machine.state == expected, verdict.change == (before == expected ? nil : expected),
        machine.isAvailable == (expected == .healthy), wait >= .seconds(10),
        wait <= .milliseconds(11_500),
        machine.due(now: verdict.nextCheck.advanced(by: .nanoseconds(-1))) == nil
      else {
        Issue.record("they differ: seed \(seed), event \(event)")
        return
      }
      now = verdict.nextCheck
    }
  }

  @Test func isAvailableBeforeTheFirstResult() {
    var random = RandomSource(seed: 1)
    let now = Instant(nanoseconds: 0)
    var machine = HealthCheckMachine(policy: HealthCheckPolicy(), now: now, random: &random)
    #expect(machine.state == .unknown && machine.isAvailable)
    #expect(machine.dueAt <= now.advanced(by: .milliseconds(1500)))
    _ = machine.due(now: machine.dueAt)
    let verdict = machine.failed(.timedOut, now: now.advanced(by: .seconds(3)), random: &random)
    #expect(verdict.change == .unhealthy && !machine.isAvailable)
    #expect(machine.lastFailure?.description == "timeout")
  }
}
