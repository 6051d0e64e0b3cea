import Primitives
import Testing

@testable import Resilience

/// A detector between threads: each ejection and each return is told once.
struct OutlierDetectorThreadTests {
  private static let count = 8

  @Test(arguments: [UInt64(1), 2, 3]) func everyChangeIsToldOnce(seed: UInt64) async {
    let start = Instant(nanoseconds: 0)
    let detector = OutlierDetector(OutlierPolicy(), seed: seed, now: start)
    for _ in 0..<Self.count { _ = detector.join() }
    let told = await withTaskGroup(of: [Int].self) { group in
      for thread in UInt64(0)..<2 {
        group.addTask { Self.hammer(detector, RandomSource(seed: seed &* 100 &+ thread)) }
      }
      return await group.reduce(into: Array(repeating: 0, count: Self.count)) { all, one in
        for slot in all.indices { all[slot] += one[slot] }
      }
    }
    for slot in 0..<Self.count {
      #expect(told[slot] == (detector.isEjected(slot) ? 1 : 0), "seed \(seed), slot \(slot)")
    }
    #expect(detector.ejectedCount <= Self.count / 2, "seed \(seed)")
  }

  /// The ejections told of less the returns, by slot; 100,000 events.
  private static func hammer(_ detector: OutlierDetector, _ source: RandomSource) -> [Int] {
    var random = source
    var told = Array(repeating: 0, count: count)
    let now = Instant(nanoseconds: 1)
    for _ in 0..<100_000 {
      let slot = Int(random.below(UInt32(count)))
      switch random.below(4) {
      case 0: if detector.uneject(slot, now: now) != nil { told[slot] -= 1 }
      case 1:
        count(detector.record(slot, .connectRefused, nanoseconds: 1, now: now), &told)
      default:
        count(detector.record(slot, .status5xx, nanoseconds: 1, now: now), &told)
      }
    }
    return told
  }

  private static func count(_ changes: [OutlierDetector.Change], _ told: inout [Int]) {
    for change in changes {
      switch change {
      case .ejected(let ejection): told[ejection.slot] += 1
      case .returned(let slot, _, _): told[slot] -= 1
      }
    }
  }
}
