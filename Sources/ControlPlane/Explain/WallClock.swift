import Primitives
import Reactor

/// The time of day of what was measured on the monotonic clock.
enum WallClock {
  /// Nanoseconds since 1970 of `instant`. `now`: on the same clock, just now; a step of the system's
  /// clock in between is not known here.
  static func unix(of instant: Instant, now: Instant) -> Int64 {
    ThisProcess.unixNanoseconds - now.nanoseconds(since: instant)
  }

  /// `2026-11-23T20:15:04.123Z`.
  static func text(of instant: Instant, now: Instant) -> String {
    ExplainJSON.time(unix(of: instant, now: now))
  }
}
