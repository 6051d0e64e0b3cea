import Primitives
import Resilience
import Upstreams

/// One try of a request at one endpoint: what the machines are to be told when it ends.
struct Attempt {
  /// Stays after the attempt, for the log.
  var endpoint: WorkerEndpoint?
  var pick = Pick(index: 0, reason: .turn)
  /// What the endpoint's breaker gave for it.
  var ticket = CircuitBreaker.Ticket.none
  /// On a connection that has carried a request before.
  var isReused = false
  /// The balancer counts it among those in flight.
  var isCounted = false
  /// The breaker and the detector have been told how it went.
  var isRecorded = false
  var isFailure = false
  /// When its connection was asked for.
  var startedAt = Instant(nanoseconds: 0)
  /// From then to the answer's head; nil: there was none.
  var nanoseconds: Int64?

  init() {}

  init(
    _ endpoint: WorkerEndpoint, _ pick: Pick, _ ticket: CircuitBreaker.Ticket, _ now: Instant
  ) {
    self.endpoint = endpoint
    self.pick = pick
    self.ticket = ticket
    startedAt = now
  }
}
