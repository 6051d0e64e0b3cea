import Primitives
import Resilience
import Testing

struct DeadlineBudgetTests {
  @Test func theEarlierCounts() {
    let now = Instant(nanoseconds: 100)
    let cases: [(Int64?, Int64?, Int64)] = [
      (nil, nil, .max), (50, nil, 50), (nil, 70, 70), (50, 70, 50), (70, 50, 50), (-5, nil, 0),
      (.max, .max, .max), (.max - 1, nil, .max - 101),
    ]
    for (route, requested, left) in cases {
      let budget = DeadlineBudget(
        routeNanoseconds: route, requestedNanoseconds: requested, now: now)
      if left == .max - 101 {
        // Saturated: never.
        #expect(!budget.isBounded)
      } else {
        #expect(budget.remaining(now) == left)
      }
    }
  }

  @Test func remainingEndsAtZeroAndDoomIsCertain() {
    let budget = DeadlineBudget(
      routeNanoseconds: 1000, requestedNanoseconds: nil, now: Instant(nanoseconds: 0))
    #expect(budget.remaining(Instant(nanoseconds: 999)) == 1)
    #expect(budget.remaining(Instant(nanoseconds: 5000)) == 0)
    #expect(budget.isDoomed(Instant(nanoseconds: 1000), fastestNanoseconds: nil))
    #expect(!budget.isDoomed(Instant(nanoseconds: 999), fastestNanoseconds: nil))
    #expect(!budget.isDoomed(Instant(nanoseconds: 500), fastestNanoseconds: 500))
    #expect(budget.isDoomed(Instant(nanoseconds: 501), fastestNanoseconds: 500))
    let none = DeadlineBudget(routeNanoseconds: nil, requestedNanoseconds: nil, now: .distantFuture)
    #expect(!none.isDoomed(.distantFuture, fastestNanoseconds: .max))
  }
}
