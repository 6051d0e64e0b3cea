import Primitives

/// One try of a request at one endpoint: what the machines are to be told when it ends.
struct Attempt {
  /// Stays after the attempt, for the log.
  var endpoint: WorkerEndpoint?
  /// On a connection that has carried a request before.
  var isReused = false
  /// The endpoint counts it among those in flight.
  var isCounted = false
  /// The breaker and the detector have been told how it went.
  var isRecorded = false
  /// When its connection was asked for.
  var startedAt = Instant(nanoseconds: 0)
}
