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

  /// Adds first and takes it back when that was too much, so that two threads cannot share a slot.
  func acquire() -> Bool {
    let now = taken.add(1, ordering: .acquiringAndReleasing).newValue
    if now <= most { return true }
    taken.subtract(1, ordering: .relaxed)
    return false
  }

  func release() {
    let now = taken.subtract(1, ordering: .acquiringAndReleasing).newValue
    precondition(now >= 0, "a slot was released that was not taken")
  }
}
