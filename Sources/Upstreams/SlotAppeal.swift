import Primitives

/// When a worker whose requests wait for a connection asks the other workers for idle ones, and for
/// how many.
///
/// ```
///              asks(waiting)                 ended, nothing unmet
///   quiet ──────────────────→ under way ──────────────────────────→ quiet, and asks again
///     ↑                           │ ended, some unmet                       while any waits
///     └──(nobody waits, or 100 ms)── nothing to get
/// ```
///
/// Why it may rest once nothing is left to get: while a worker says that its requests wait, the
/// others hand over what they finish with and park nothing. So idle connections are only there from
/// before, and one round finds them. A round is mail to each other worker, one after the other; at
/// saturation there is none but the safety's, ten a second at most. A value that is told the time.
package struct SlotAppeal: Hashable, Sendable {
  /// How long nothing is asked for once there was nothing to get.
  package static let pause = Duration.milliseconds(100)

  private enum State: Hashable, Sendable {
    case quiet
    case underWay
    case nothingToGet(until: Instant)
  }

  private var state = State.quiet
  /// The queue was empty during the round: others may have parked behind its back.
  private var isOutdated = false

  package init() {}

  /// `waiting` requests wait. How many connections to ask for now; nil: none.
  package mutating func asks(waiting: Int, now: Instant) -> Int? {
    switch state {
    case .underWay: return nil
    case .nothingToGet(let until) where now < until: return nil
    case .nothingToGet, .quiet:
      guard waiting > 0 else { return nil }
      state = .underWay
      isOutdated = false
      return waiting
    }
  }

  /// The round is back; `unmet`: how many of those asked for nobody had. Ask again now.
  package mutating func ended(unmet: Int, now: Instant) {
    let isOver = unmet > 0 && !isOutdated
    state = isOver ? .nothingToGet(until: now.advanced(by: Self.pause)) : .quiet
  }

  /// Nobody waits any more.
  package mutating func nobodyWaits() {
    switch state {
    case .quiet: break
    case .underWay: isOutdated = true
    case .nothingToGet: state = .quiet
    }
  }
}
