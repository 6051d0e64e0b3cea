import HTTPClient
import HTTPModel
import Primitives
import Resilience
import Upstreams

/// One try of a request at one endpoint: its endpoint, its stream there, and what the machines are to be
/// told when it ends.
///
/// ```
/// idle ──(begin)── picked ──(takes)── connecting | connected ──(sends)── sent ──(clear)── idle
/// ```
///
/// An exchange has one, and a second while a hedge is out; both are reused from request to request.
/// It hears what happens on its connection and tells its exchange. Confinement: the worker's loop.
final class Attempt: ConnectionReceiver {
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

  /// Whose it is, for good.
  unowned var exchange: Exchange?
  /// Its side of the endpoint's connection; nil: it has none yet, or no more.
  private(set) var stream: UpstreamStream?
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
  var isNoted = false
  /// When its connection was asked for.
  var startedAt = Instant(nanoseconds: 0)
  /// From when its latency counts: the start, or the last byte of a request with a body, since how
  /// long a client takes to send one says nothing of the endpoint.
  var timedFrom = Instant(nanoseconds: 0)
  private(set) var isSent = false
  /// When its request was put on the connection; 0: it was not.
  var sentAt = Instant(nanoseconds: 0)
  /// When that connection was opened.
  var openedAt = Instant(nanoseconds: 0)
  var requestNumber: UInt64 = 0
  /// Its place among those who wait for a connection.
  var queueTicket: UInt32 = 0
  /// From `timedFrom` to the answer's head; nil: there was none.
  var nanoseconds: Int64?
  /// What the final head of its answer said; meaningless before it came.
  private(set) var answerStatus: UInt16 = 0
  private(set) var answerLength: UInt64?
  /// When its breaker heard of it, if that was before its end.
  var toldAt = Instant(nanoseconds: 0)

  /// When the head of its answer was there.
  var headAt: Instant { timedFrom.advanced(byNanoseconds: nanoseconds ?? 0) }

  var isHedge: Bool { kind == .hedge }

  /// The machines have been told how it ended.
  var isRecorded: Bool { told.contains(.end) }

  // MARK: Its connection

  /// It has a place at its endpoint, on a connection that is there or is being opened.
  func takes(_ stream: UpstreamStream, isReused: Bool) {
    stream.lend(to: self)
    self.stream = stream
    self.isReused = isReused
    isSent = false
  }

  /// Its request goes out on `stream`.
  func sends(on stream: UpstreamStream, _ now: Instant) {
    isSent = true
    sentAt = now
    openedAt = stream.openedAt
    requestNumber = stream.requestNumber
  }

  /// A final head is there.
  func answered(_ head: ResponseHead) {
    answerStatus = head.status
    answerLength = if case .known(let length) = head.length { length } else { nil }
  }

  /// Gives its place up, which others have from here on.
  func leaves() { stream = nil }

  /// Closes what it has of a connection, or forgets one that is closed.
  func close(_ reason: UpstreamMetrics.Close, reset: Bool = false) {
    guard let stream, let endpoint else { return }
    self.stream = nil
    stream.close(at: endpoint, reason, reset: reset)
  }

  override func connectionReady(_ connection: UpstreamConnection) {
    exchange?.streamReady(of: self)
  }

  override func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {
    exchange?.connectFailed(self, failure)
  }

  // MARK: The try

  // In place, a field at a time: an attempt is written twice a request, and a whole one assigned
  // costs as much as the pick.

  func begin(
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
    isNoted = false
    startedAt = now
    timedFrom = now
    sentAt = Instant(nanoseconds: 0)
    nanoseconds = nil
  }

  func clear() {
    endpoint = nil
    isReused = false
    isCounted = false
    told = []
    isFailure = false
    kind = .first
    isNoted = false
    nanoseconds = nil
  }

  /// Takes the place of this one, which is over, with all that is known of it.
  func adopt(_ other: Attempt) {
    stream = other.stream
    other.stream = nil
    stream?.lend(to: self)
    endpoint = other.endpoint
    pick = other.pick
    routeKey = other.routeKey
    ticket = other.ticket
    isReused = other.isReused
    isCounted = other.isCounted
    told = other.told
    isFailure = other.isFailure
    kind = other.kind
    isNoted = other.isNoted
    startedAt = other.startedAt
    timedFrom = other.timedFrom
    isSent = other.isSent
    sentAt = other.sentAt
    openedAt = other.openedAt
    requestNumber = other.requestNumber
    nanoseconds = other.nanoseconds
    toldAt = other.toldAt
    other.clear()
  }
}
