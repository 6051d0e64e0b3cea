import Primitives
import Testing

@testable import Resilience

/// The breaker machine against its slow reference, over random policies and events.
///
/// 275 runs of 4,000 events: a million a run of the tests. A run that fails prints its seed.
struct BreakerModelTests {
  /// First seeds of rows of 25 that found a fault once.
  private static let kept: [UInt64] = [1]
  private static let eventsPerSeed = 4_000

  @Test(arguments: kept + (1..<11).map { $0 * 1_000 })
  func agreesWithTheReference(first: UInt64) {
    var transitions = 0
    var refusals = 0
    var amendments = 0
    for seed in first..<first + 25 {
      var run = BreakerRun(seed: seed)
      do {
        for _ in 0..<Self.eventsPerSeed { try run.step() }
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
      transitions += run.transitions
      refusals += run.refusals
      amendments += run.amendments
    }
    // Runs in which nothing happens prove nothing.
    #expect(
      transitions > 500 && refusals > 1_000 && amendments > 500,
      "\(transitions), \(refusals), \(amendments)")
  }

  /// The same calls at an enforcing breaker and at a shadow of it, which sees what the other
  /// refused as well.
  @Test(arguments: (0..<25).map { UInt64($0) })
  func shadowMovesAsTheEnforcedOneWould(seed: UInt64) {
    var random = RandomSource(seed: seed)
    var policy = BreakerRun.policy(&random)
    policy.mode = .enforced
    var enforced = CircuitBreakerMachine(policy, seed: seed)
    policy.mode = .shadow
    var shadow = CircuitBreakerMachine(policy, seed: seed)
    var now = Instant(nanoseconds: 0)
    var out: [(enforced: CircuitBreaker.Ticket?, shadow: CircuitBreaker.Ticket)] = []
    var transitions = 0
    for event in 0..<4_000 {
      now.nanoseconds += Int64(random.below(30_000_000))
      if random.below(2) == 0 || out.isEmpty {
        guard case .admitted(let marked) = shadow.admit(now) else {
          Issue.record("seed \(seed), event \(event): a shadow refused")
          return
        }
        var ticket: CircuitBreaker.Ticket?
        if case .admitted(let real) = enforced.admit(now) { ticket = real }
        guard marked.wouldRefuse == (ticket == nil) else {
          Issue.record("seed \(seed), event \(event): marked \(marked.wouldRefuse)")
          return
        }
        out.append((ticket, marked))
      } else {
        let call = out.remove(at: Int(random.below(UInt32(out.count))))
        let outcome: Outcome = event / 500 % 2 == 0 && random.below(3) > 0 ? .failure : .success
        let took = Int64(random.below(200_000_000))
        let seen = shadow.record(call.shadow, outcome, nanoseconds: took, now)
        let real = call.enforced.flatMap {
          enforced.record($0, outcome, nanoseconds: took, now)
        }
        if seen != nil { transitions += 1 }
        guard seen?.to == real?.to, seen?.reason == real?.reason, seen?.openFor == real?.openFor
        else {
          Issue.record("seed \(seed), event \(event): \(seen as Any) \(real as Any)")
          return
        }
      }
      #expect(shadow.underlying == enforced.underlying, "seed \(seed), event \(event)")
    }
    #expect(transitions > 2, "seed \(seed)")
  }
}
