import Primitives
import Resilience
import Synchronization
import Testing

struct RetryBudgetTests {
  private final class Tally: Sendable {
    let taken = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    let total = Atomic<Int>(0)
  }

  /// The reference keeps lists of requests and retries and works in fractions. 5 seeds × 200,000.
  @Test(arguments: Seeds.all) func itAgreesWithLists(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let ratio = Share(basisPoints: Int(random.below(10_001)))
    let minimum = Int(random.below(5))
    let budget = RetryBudget(ratio: ratio, minimum: minimum)
    var requests: [Int] = []
    var retries: [Int] = []
    for event in 0..<200_000 {
      // Load that rises and falls.
      let isRising = event / 1000 % 2 == 0
      switch random.below(10) {
      case 0..<(isRising ? 4 : 1):
        requests.append(event)
        budget.requestBegan()
      case 4..<(isRising ? 5 : 8) where !requests.isEmpty:
        requests.removeLast()
        budget.requestEnded()
      case 8 where !retries.isEmpty:
        retries.removeLast()
        budget.retryEnded()
      default:
        let bound = max(minimum, Int(Double(requests.count) * ratio.fraction + 1e-9))
        let isAllowed = retries.count + 1 <= bound
        let isTaken = budget.tryBeginRetry()
        #expect(isTaken == isAllowed, "seed \(seed) event \(event)")
        if isTaken { retries.append(event) }
      }
      let seen = budget.inFlight
      if seen != (requests.count, retries.count) {
        Issue.record("seed \(seed) event \(event): \(seen)")
        return
      }
    }
  }

  /// Two threads take as fast as they can from a budget whose bound never changes: together never
  /// more than it, and nothing is lost.
  @Test func twoThreadsNeverExceedIt() async {
    let budget = RetryBudget(ratio: .percent(20), minimum: 3)
    for _ in 0..<25 { budget.requestBegan() }
    let tally = Tally()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask {
          for _ in 0..<50_000 {
            budget.requestBegan()
            budget.requestEnded()
            var held = 0
            while held < 4, budget.tryBeginRetry() {
              held += 1
              let now = tally.taken.add(1, ordering: .sequentiallyConsistent).newValue
              tally.most.max(now, ordering: .relaxed)
              tally.total.add(1, ordering: .relaxed)
            }
            for _ in 0..<held {
              tally.taken.subtract(1, ordering: .sequentiallyConsistent)
              budget.retryEnded()
            }
          }
        }
      }
    }
    // 20 % of at most 27.
    #expect(tally.most.load(ordering: .relaxed) <= 5)
    #expect(tally.total.load(ordering: .relaxed) > 100_000)
    #expect(budget.inFlight == (25, 0))
  }

  @Test func theDefaultsAreEnvoys() {
    #expect(RetryBudget().ratio == .percent(20) && RetryBudget().minimum == 3)
    let none = RetryBudget(ratio: .zero, minimum: 0)
    none.requestBegan()
    #expect(!none.tryBeginRetry())
  }
}
