import Primitives

/// A clock whose instants are counted from when it was taken, so that the machines, which know
/// only `Instant`, run on whichever clock a service brings.
///
/// Cost: a call through a closure, for the async entry points only; the proxy passes `now`.
struct Timeline: Sendable {
  private let read: @Sendable () -> Instant

  init<C: Clock<Duration>>(_ clock: C) {
    let origin = clock.now
    read = { Instant(nanoseconds: origin.duration(to: clock.now).nanosecondsClamped) }
  }

  var now: Instant { read() }
}
