import Primitives

/// How long a worker may go on giving a limited connection to its own waiters while other workers
/// have some too.
///
/// Passing a slot on costs a connection, so it is not done each time; but whoever waits elsewhere
/// must get it well within the time a request may wait (3 s by default). A value.
package struct SlotTurn: Sendable {
  private static let usesMax = 16
  private static let nanosecondsMax: Int64 = 100_000_000
  private var uses = 0
  private var began = Instant(nanoseconds: 0)

  package init() {}

  /// Whether a slot that is free now stays here; false ends the turn.
  package mutating func keeps(othersWait: Bool, now: Instant) -> Bool {
    guard othersWait else {
      uses = 0
      return true
    }
    if uses == 0 { began = now }
    uses += 1
    if uses <= Self.usesMax, now.nanoseconds(since: began) < Self.nanosecondsMax { return true }
    uses = 0
    return false
  }
}
