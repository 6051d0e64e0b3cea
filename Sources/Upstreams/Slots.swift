import Primitives
import Synchronization

/// A counted resource behind one atomic.
final class Slots: Sendable {
  private let taken = Atomic<Int>(0)
  private let limit: Atomic<Int>

  init(most: Int) {
    limit = Atomic(most)
  }

  var used: Int { taken.load(ordering: .relaxed) }
  var most: Int { limit.load(ordering: .relaxed) }

  func set(most: Int) {
    limit.store(most, ordering: .relaxed)
  }

  /// By exchange, not by adding and taking back: a try that fails must not make another fail.
  func acquire() -> Bool {
    var now = taken.load(ordering: .sequentiallyConsistent)
    while now < most {
      let (isTaken, found) = taken.compareExchange(
        expected: now, desired: now + 1, ordering: .sequentiallyConsistent)
      if isTaken { return true }
      now = found
    }
    return false
  }

  /// The same, up to a part of the limit, rounded up.
  func acquire(_ part: Share) -> Bool {
    if part == .all { return acquire() }
    var now = taken.load(ordering: .sequentiallyConsistent)
    while now < (most * Int(part.basisPoints) + 9_999) / 10_000 {
      let (isTaken, found) = taken.compareExchange(
        expected: now, desired: now + 1, ordering: .sequentiallyConsistent)
      if isTaken { return true }
      now = found
    }
    return false
  }

  func acquireBeyond() { taken.add(1, ordering: .sequentiallyConsistent) }

  func release() {
    let now = taken.subtract(1, ordering: .sequentiallyConsistent).newValue
    precondition(now >= 0, "a slot was released that was not taken")
  }
}
