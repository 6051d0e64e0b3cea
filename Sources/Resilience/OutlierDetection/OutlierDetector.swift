import Primitives

/// An outlier detector that the workers share, one an upstream.
///
/// Why shared: a worker sees only its share of an endpoint's failures. What it returns is the
/// caller's to make known (balancers, metrics, the log); each change is returned once.
/// Cost: a lock around `OutlierDetectorMachine`, held for a few counts; a sweep holds it for
/// O(n log n), so that it belongs on the control loop.
package final class OutlierDetector: Sendable {
  private let machine: Lock<OutlierDetectorMachine>

  /// `seed` gives the jitter; `now` begins the first interval.
  package init(_ policy: OutlierPolicy, seed: UInt64, now: Instant) {
    machine = Lock(OutlierDetectorMachine(policy, seed: seed, now: now))
  }

  package func join() -> Int {
    machine.withLock { $0.join() }
  }

  /// The ejected endpoints that had to return, as too many would be without this one.
  package func leave(_ slot: Int, now: Instant) -> [Change] {
    machine.withLock { $0.leave(slot, now) }
  }

  /// For `OutlierMembership`: nobody will name the slot again.
  func release(_ slot: Int) {
    machine.withLock { $0.release(slot) }
  }

  /// What it goes by now.
  var policy: OutlierPolicy { machine.withLock(\.policy) }

  /// Goes on by another policy (`OutlierDetectorMachine.adopt`).
  package func adopt(_ policy: OutlierPolicy, now: Instant) -> [Change] {
    machine.withLock { $0.adopt(policy, now) }
  }

  package func record(
    _ slot: Int, _ result: AttemptResult, nanoseconds: Int64, now: Instant
  ) -> [Change] {
    machine.withLock { $0.record(slot, result, nanoseconds: nanoseconds, now) }
  }

  /// The head of a good answer is there; `amend` says how it ended.
  package func recordEarly(_ slot: Int, nanoseconds: Int64) {
    machine.withLock { $0.recordEarly(slot, nanoseconds: nanoseconds) }
  }

  package func amend(
    _ slot: Int, _ result: AttemptResult, countedAt: Instant, now: Instant
  ) -> [Change] {
    machine.withLock { $0.amend(slot, result, countedAt: countedAt, now) }
  }

  /// Brings back those whose time is up and compares endpoints; due at `nextChange`.
  package func advance(now: Instant) -> [Change] {
    machine.withLock { $0.advance(now) }
  }

  package func mark(_ slot: Int, isHealthy: Bool, now: Instant) -> Change? {
    machine.withLock { $0.mark(slot, isHealthy: isHealthy, now) }
  }

  package func uneject(_ slot: Int, now: Instant) -> Change? {
    machine.withLock { $0.uneject(slot, now) }
  }

  package func isEjected(_ slot: Int) -> Bool {
    machine.withLock { $0.isEjected(slot) }
  }

  package func ejection(_ slot: Int) -> (cause: Cause, until: Instant)? {
    machine.withLock { $0.ejection(slot) }
  }

  package var nextChange: Instant {
    machine.withLock(\.nextChange)
  }

  package var ejectedCount: Int {
    machine.withLock(\.ejectedCount)
  }
}
