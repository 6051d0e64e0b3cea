/// One instance of a service: a number of requests are worked on at a time, the rest queue.
struct Replica: Sendable {
  var service: Int
  var zone: Int
  var running = 0
  /// Those that left while they queued not counted.
  var queued = 0
  var firstQueued = SimulatedAttempt.none
  var lastQueued = SimulatedAttempt.none

  // MARK: What faults do to it; each a count, since faults overlap

  var kills = 0
  var cuts = 0
  var pauses = 0
  /// In percent of its usual time.
  var slowness = 100.0
  /// Shares, 0...1, that are answered 500 or reset.
  var errors = 0.0
  var resets = 0.0
  var pausedAt: Int64 = 0
  /// Nanoseconds of all pauses that have ended.
  var pausedTotal: Int64 = 0

  var isUp: Bool { kills == 0 }
  var isReached: Bool { cuts == 0 }
  var isPaused: Bool { pauses > 0 }
}
