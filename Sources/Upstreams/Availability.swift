import Primitives
import Synchronization

/// Tells workers that who may be picked of an upstream's endpoints has changed, or will by itself.
///
/// Why a number and not mail: a worker asks at each pick, with one load; what it does not use it
/// need not be told. Outlives snapshots. Any thread.
package final class Availability: Sendable {
  private let changes = Atomic<UInt64>(1)
  /// Nanoseconds: when an open breaker may probe, or an ejected endpoint returns.
  private let next = Atomic<Int64>(.max)

  private let panic = Atomic<Bool>(false)

  package init() {}

  /// So few endpoints are available, in some priority or subset, that all are asked.
  package var isPanicking: Bool { panic.load(ordering: .relaxed) }

  /// True: that is new.
  package func set(isPanicking: Bool) -> Bool {
    panic.exchange(isPanicking, ordering: .acquiringAndReleasing) != isPanicking
  }

  /// The number of the last change; a worker that has seen it has nothing to do.
  @inline(__always)
  package var number: UInt64 { changes.load(ordering: .acquiring) }

  /// When somebody should look, though nothing was told.
  @inline(__always)
  package var nextLook: Instant { Instant(nanoseconds: next.load(ordering: .relaxed)) }

  package func changed() {
    changes.add(1, ordering: .acquiringAndReleasing)
  }

  /// The next change by itself is at `instant`, or before it.
  package func look(at instant: Instant) {
    var seen = next.load(ordering: .relaxed)
    while instant.nanoseconds < seen {
      let (isDone, found) = next.compareExchange(
        expected: seen, desired: instant.nanoseconds, ordering: .acquiringAndReleasing)
      if isDone { return }
      seen = found
    }
  }

  /// Takes the time to look over: whoever gets true looks, and tells the next one by `look`.
  package func takeLook(now: Instant) -> Bool {
    let due = next.load(ordering: .relaxed)
    guard now.nanoseconds >= due else { return false }
    return next.compareExchange(
      expected: due, desired: .max, ordering: .acquiringAndReleasing
    ).exchanged
  }
}
