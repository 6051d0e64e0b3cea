import Primitives
import Resilience
import Testing

struct PriorityShedderTests {
  @Test func namesGoBothWays() {
    for priority in RequestPriority.allCases {
      #expect(RequestPriority(name: priority.name) == priority)
    }
    #expect(RequestPriority(name: "urgent") == nil)
    #expect(RequestPriority.allCases.sorted() == [.low, .normal, .high, .critical])
  }

  @Test func theLessImportantIsRefusedFirst() {
    let shedder = PriorityShedder()
    for limit in 0...400 {
      for inFlight in 0...limit + 2 {
        let admitted = RequestPriority.allCases.filter {
          shedder.admits($0, inFlight: inFlight, limit: limit)
        }
        // Whoever is admitted, all above are.
        #expect(admitted == RequestPriority.allCases.suffix(admitted.count))
        #expect(admitted.contains(.critical) == (inFlight < limit))
        let used = Double(inFlight) / Double(max(1, limit))
        if limit > 0 {
          #expect(admitted.contains(.low) == (used < 0.70))
          #expect(admitted.contains(.normal) == (used < 0.85))
          #expect(admitted.contains(.high) == (used < 0.95))
        }
      }
    }
  }

  @Test func sharesAreKeptInOrder() {
    let odd = PriorityShedder(low: .all, normal: .percent(50), high: .percent(40))
    #expect(odd.low == .percent(40) && odd.normal == .percent(40))
  }
}
