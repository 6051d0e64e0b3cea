import HTTPClient
import Primitives
import Resilience
import Upstreams

/// One try of a request at one endpoint: what the machines are to be told when it ends.
struct Attempt {
  /// Who has heard how it goes; the last word may differ from the first (`Exchange+Early`).
  struct Told: OptionSet {
    let rawValue: UInt8
    /// All have heard how it ended.
    static let end = Told(rawValue: 1)
    /// The detector and the digest have heard of the answer's head, and its breaker with them.
    static let head = Told(rawValue: 2)
    /// The endpoint's breaker has heard of it before its end: that it is slow, or of the head.
    static let breaker = Told(rawValue: 4)
  }

  enum Kind: UInt8 {
    /// The first of its request, or the one on a fresh connection in place of it.
    case first
    case retry
    /// The second beside a slow first.
    case hedge
  }

  /// Stays after the attempt, for the log.
  var endpoint: WorkerEndpoint?
  var pick = Pick(index: 0, reason: .turn)
  /// `Route.key` of the exchange.
  var routeKey: UInt64 = 0
  /// What the endpoint's breaker gave for it.
  var ticket = CircuitBreaker.Ticket.none
  /// On a connection that has carried a request before.
  var isReused = false
  /// The balancer counts it among those in flight.
  var isCounted = false
  /// What the machines have heard of it.
  var told: Told = []
  var isFailure = false
  var kind = Kind.first
  /// It stands in the exchange's trail.
  var isKept = false
  /// When its connection was asked for.
  var startedAt = Instant(nanoseconds: 0)
  /// From when its latency counts: the start, or the last byte of a request with a body, since how
  /// long a client takes to send one says nothing of the endpoint.
  var timedFrom = Instant(nanoseconds: 0)
  /// When its request was put on the connection; 0: it was not.
  var sentAt = Instant(nanoseconds: 0)
  /// When that connection was opened.
  var openedAt = Instant(nanoseconds: 0)
  var requestNumber: UInt64 = 0
  /// From `timedFrom` to the answer's head; nil: there was none.
  var nanoseconds: Int64?
  /// When its breaker heard of it, if that was before its end.
  var toldAt = Instant(nanoseconds: 0)

  /// When the head of its answer was there.
  var headAt: Instant { timedFrom.advanced(byNanoseconds: nanoseconds ?? 0) }

  var isHedge: Bool { kind == .hedge }

  /// The machines have been told how it ended.
  var isRecorded: Bool { told.contains(.end) }

  /// Its request goes out on `connection`.
  mutating func sends(on connection: UpstreamConnection, _ now: Instant) {
    sentAt = now
    openedAt = connection.openedAt
    requestNumber = connection.requestCount
  }

  // In place, a field at a time: an attempt is written twice a request, and a whole one assigned
  // costs as much as the pick.

  mutating func begin(
    _ endpoint: WorkerEndpoint, _ pick: Pick, _ ticket: CircuitBreaker.Ticket, _ now: Instant
  ) {
    self.endpoint = endpoint
    self.pick = pick
    self.ticket = ticket
    isReused = false
    isCounted = false
    told = []
    isFailure = false
    kind = .first
    isKept = false
    startedAt = now
    timedFrom = now
    sentAt = Instant(nanoseconds: 0)
    nanoseconds = nil
  }

  mutating func clear() {
    endpoint = nil
    isReused = false
    isCounted = false
    told = []
    isFailure = false
    kind = .first
    isKept = false
    nanoseconds = nil
  }
}
