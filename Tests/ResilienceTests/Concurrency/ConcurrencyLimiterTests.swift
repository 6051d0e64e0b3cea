import Primitives
import Resilience
import Synchronization
import Testing

struct ConcurrencyLimiterTests {
  /// Random arrivals, ceilings, latencies and outcomes; the reference counts apart. 5 seeds × 200,000.
  @Test(arguments: Seeds.all) func inFlightStaysWithinTheLimitAtAdmission(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let limiter = ConcurrencyLimiter(
      policy: ConcurrencyPolicy(minimum: 2, maximum: 60, initial: 10))
    let shedder = PriorityShedder()
    var inFlight = 0
    var now = Instant(nanoseconds: 0)
    var changes = 0
    for event in 0..<200_000 {
      now = now.advanced(byNanoseconds: Int64(random.below(2_000_000)))
      let limit = limiter.limit
      #expect((2...60).contains(limit))
      if random.below(2) == 0, inFlight > 0 {
        let outcome: Outcome = [.success, .success, .failure, .ignored][Int(random.below(4))]
        let slow: UInt32 = event / 20_000 % 2 == 0 ? 4_000_000 : 40_000_000
        limiter.release(nanoseconds: Int64(random.below(slow)), outcome: outcome, now: now)
        inFlight -= 1
        if limiter.limit != limit { changes += 1 }
      } else {
        let priority = RequestPriority.allCases[Int(random.below(4))]
        let allowed = shedder.admits(priority, inFlight: inFlight, limit: limit)
        let isTaken = limiter.acquire(shedder.ceiling(priority))
        #expect(isTaken == allowed && (!isTaken || inFlight < limit), "seed \(seed) event \(event)")
        if isTaken { inFlight += 1 }
      }
      #expect(limiter.inFlight == inFlight)
    }
    #expect(changes > 20, "seed \(seed)")
  }

  private final class Tally: Sendable {
    let held = Atomic<Int>(0)
    let most = Atomic<Int>(0)
  }

  /// A fixed limit, so that the bound is known from outside.
  @Test func twoThreadsNeverExceedIt() async {
    let limiter = ConcurrencyLimiter(
      policy: ConcurrencyPolicy(minimum: 5, maximum: 5, initial: 5))
    let tally = Tally()
    let total = await withTaskGroup(of: Int.self) { group in
      for worker in 0..<2 {
        group.addTask {
          var taken = 0
          for step in 0..<30_000 {
            var held = 0
            while held < 4, limiter.acquire() {
              held += 1
              tally.most.max(
                tally.held.add(1, ordering: .sequentiallyConsistent).newValue, ordering: .relaxed)
            }
            taken += held
            for _ in 0..<held {
              tally.held.subtract(1, ordering: .sequentiallyConsistent)
              limiter.release(
                nanoseconds: Int64(1_000_000 + worker), outcome: .success,
                now: Instant(nanoseconds: Int64(step) * 100_000))
            }
          }
          return taken
        }
      }
      return await group.reduce(0, +)
    }
    #expect(tally.most.load(ordering: .relaxed) <= 5)
    #expect(total > 60_000 && limiter.inFlight == 0 && limiter.limit == 5)
  }
}
