import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Routing
import Telemetry
import Upstreams

/// One request and its response: conducts the journey and alone knows its order.
///
/// ```
/// idle ── head ── (route, admission) ── choosing ──┬── waiting (then choosing again)
///                                          ▲       ├── connecting ─┐
///               one retry on a fresh       │       └───────────────┴ responding ─┬─ tunnelling ┐
///               connection                 └─────────────────────────────┘       │             │
///          fail: a reply of ours ── replying ───────────────────────────────────┴──── finish ── idle
/// ```
///
/// The rooms: `Exchange+Head` (decode, route), `Exchange+Attempt` (admission, connection, retry),
/// `Exchange+RequestBody`, `Exchange+Response`, `Exchange+Tunnel`, `Exchange+Deadlines`,
/// `Exchange+End` (failure, finish). Data is pulled: a side is read only when the other side's
/// output has room, so nothing is buffered beyond one buffer a direction.
/// Confinement: the worker's loop. Reused from request to request, so that steady traffic allocates
/// nothing.
package final class Exchange: ConnectionReceiver {
  enum Stage {
    case idle, head, delayed, choosing, waiting, connecting, responding, backingOff, replying
    case awaitingHedge, tunnelling
  }

  static let rootPath: [UInt8] = [0x2F]
  static let asterisk: [UInt8] = [0x2A]

  let worker: Worker
  /// The worker's, kept here: one reference less to follow and to count.
  let loop: EventLoop
  let pool: BufferPool
  let shard: MetricShard
  var stage = Stage.idle
  /// Set from `begin` to `finish`.
  var downstream: DownstreamConnection?
  /// What it began with: a reload does not change the rules under it.
  var settings: ProxySettings?
  /// The client's forwarded fields and ids are believed.
  var isTrusted = false
  var listener: ListenerSnapshot?
  /// A trusted proxy said who the client is: `clientAddress`, as text `clientBytes`.
  var hasClient = false
  var clientAddress = IPAddress.loopback4
  var clientBytes: [UInt8] = []
  /// A `Forwarded` and a `grpc-timeout` were sent that are not believed: ours go in their place.
  var lostForwarded = false
  var lostTimeout = false

  // MARK: The request

  var decoder = RequestDecoder(limits: HeadLimits())
  let head = RequestHead()
  /// How much of it is understood.
  var headPart = RequestHead.Part.nothing
  var hasHead: Bool { headPart == .whole }
  /// The client sends its body only when it is told to: no clock of its own runs until then.
  var awaitsContinue = false
  /// The path after normalisation; without a block where that changed nothing.
  let normalizedPath = Buffer()
  var route: Route?
  /// Which of the route's series counts it: which of a split's shares it took.
  var seriesIndex = 0
  var requestID = RequestID()
  var trace: TraceContext?
  /// It came in a `traceparent`, whose `tracestate` belongs to it.
  var continuesTraceparent = false
  let requestBody = BodyDecoder()
  /// Where the body's unread bytes begin in the downstream input, behind the head.
  var bodyOffset = 0
  /// Body bytes that have left the input and cannot be sent again.
  var unrepeatableBytes: UInt64 = 0
  /// Payload that may stay in the input for another attempt; 0: none does.
  var bodyKeptMax = 0
  /// The body was to be kept, and was too long.
  var bodyOutgrew = false
  var requestBodyBytes: UInt64 = 0
  /// The whole request has been put into the upstream's output.
  var requestDone = false
  /// The endpoint stopped taking the request; its answer may still come.
  var requestRefused = false

  // MARK: The attempt

  var upstream: WorkerUpstream?
  var attempt = Attempt()
  var connection: UpstreamConnection?
  /// Its place among those who wait for a connection.
  var ticket: UInt32 = 0
  var attempts: UInt32 = 0
  /// Attempts that were begun, those that could not connect included.
  var tries = 0
  /// What admission took, to be given back.
  var hold = AdmissionHold()
  /// Endpoints that a retry looks past.
  var tried = TriedEndpoints()
  /// What asked for the attempt that is under way, if it is one after the first.
  var retryReason: RetryReason?
  /// Why there was no further attempt.
  var retryRefusal: RetryRefusal?
  /// As a trusted proxy in front of us counts.
  var attemptAbove = 1
  var fault = Fault.none
  /// What the access log shows of the answer's fields, by `LoggedFields.response`.
  var loggedAnswer: [[UInt8]?] = []
  /// Policies that would have refused it, had they not been in shadow.
  var shadows: ShadowPolicies {
    get { ShadowPolicies(rawValue: shadowBits) }
    set { shadowBits = newValue.rawValue }
  }
  /// Here, because asking a set of another module costs a call, and each request asks.
  var shadowBits: UInt8 = 0
  /// How many bytes of the answer's body a fault lets through now.
  var paceBytes = Int.max
  /// In place of the row's, for an abort on purpose; 0: the row's.
  var failureStatus: UInt16 = 0
  var retryAfterSeconds = 1
  /// What the rate limit said that refused it.
  var rateVerdict: RateLimitVerdict?
  var ratePolicy: RateLimitPolicy?
  var usesFallback = false
  private(set) lazy var hedge = HedgeAttempt()
  /// `hedge` has a connection.
  var isHedged = false
  /// The next attempt is not to go out on a connection that was used before.
  var needsFresh = false

  /// What of the way so far was not the plain one.
  var trail = ExchangeTrail()

  // MARK: The response

  let responseHead = ResponseHead()
  let responseBody = BodyDecoder()
  /// A final head has been put into the downstream output.
  var responseBegun = false
  /// Where in all that the client was ever sent the answer begins.
  var answerStart: UInt64 = 0
  /// Bytes of the 1xx heads of this answer.
  var interimBytes = 0
  /// A 101 stands in the input, whose turn comes when the request's last byte has gone.
  var holdsUpgrade = false
  var responseDone = false
  /// The answer to the client is sent in chunks.
  var chunksResponse = false
  var keepsDownstreamOpen = false
  var status: UInt16 = 0
  var failure: FailureKind?
  var failureDetail: StaticString = ""
  var responseBodyBytes: UInt64 = 0
  var isUpgraded = false
  var tunnelEnds: TunnelEnds = []

  // MARK: Time

  var startedAt = Instant(nanoseconds: 0)
  var responseHeadAt: Instant?
  var headDeadline = Instant.distantFuture
  var totalDeadline = Instant.distantFuture
  /// What the client still waits, as a trusted proxy told us.
  var clientDeadline = Instant.distantFuture
  var pendingDeadline = Instant.distantFuture
  /// When the attempt has taken too long, and another may be made.
  var tryDeadline = Instant.distantFuture
  /// When a delay or a back-off is over.
  var resumeAt = Instant.distantFuture
  /// When a second attempt goes out beside the first.
  var hedgeAt = Instant.distantFuture
  /// When a breaker has to hear that the call is slow.
  var slowAt = Instant.distantFuture
  var lastProgress = Instant(nanoseconds: 0)
  var bodyWindowStart = Instant(nanoseconds: 0)
  var bodyWindowBytes: UInt64 = 0

  init(worker: Worker) {
    self.worker = worker
    loop = worker.loop
    pool = worker.pool
    shard = worker.shard
    super.init()
  }

  var now: Instant { loop.now }

  /// Stays after an attempt, for the log.
  var endpoint: WorkerEndpoint? { attempt.endpoint }

  // MARK: Events

  /// The first bytes of a request are there, or the end of the connection.
  func begin(_ downstream: DownstreamConnection) {
    self.downstream = downstream
    let settings = downstream.listener.settings
    self.settings = settings
    isTrusted = downstream.isTrusted(by: settings)
    let listener = downstream.listener.current
    self.listener = listener
    decoder = RequestDecoder(limits: listener.settings.headLimits)
    stage = .head
    let now = now
    startedAt = now
    lastProgress = now
    headDeadline = now.advanced(byNanoseconds: listener.settings.requestHeadNanoseconds)
    readHead(downstream)
    if stage == .head { armDeadline(downstream) }
  }

  /// Something happened on the client's connection, `downstream`.
  func downstreamReady(_ downstream: DownstreamConnection) {
    switch stage {
    case .head: return readHead(downstream)
    case .tunnelling: break
    default:
      if hasLeft(downstream) { return fail(.downstreamClosed) }
    }
    pump(downstream)
  }

  /// A client that ends its direction before it has its answer has left, as for nginx and Envoy:
  /// most are gone altogether, and their work is not to be done. Where the listener answers them, only
  /// a reset says so; that the request is not whole is seen where its body is read.
  func hasLeft(_ downstream: DownstreamConnection) -> Bool {
    downstream.isBroken
      || (downstream.peerEnded && listener?.settings.answersHalfClosed != true)
  }

  /// Something happened on the endpoint's connection, which is ours.
  package override func connectionReady(_ connection: UpstreamConnection) {
    guard let downstream else { preconditionFailure("a connection without an exchange") }
    switch stage {
    case .connecting:
      endpoint?.reached()
      begin(on: connection, downstream)
    case .responding:
      // Bytes that were there before the request went out answer no request of ours.
      if connection.isAnsweredTooEarly { return attemptFailed(.upstreamClosed) }
      pump(connection, downstream)
    case .tunnelling: pumpTunnel(connection, downstream)
    // What comes stays in the socket until its answer is wanted.
    case .awaitingHedge: break
    case .idle, .head, .delayed, .choosing, .waiting, .backingOff, .replying:
      preconditionFailure("a connection without an attempt")
    }
  }

  package override func connectFailed(
    _ connection: UpstreamConnection, _ failure: FailureKind
  ) {
    attemptFailed(failure)
  }

  /// Moves what can be moved.
  func pump(_ downstream: DownstreamConnection) {
    if stage == .replying { return sendReply(downstream) }
    guard let connection else { return }
    switch stage {
    case .responding: pump(connection, downstream)
    case .tunnelling: pumpTunnel(connection, downstream)
    case .idle, .head, .delayed, .choosing, .waiting, .connecting, .backingOff, .replying,
      .awaitingHedge:
      break
    }
  }

  /// Moves what can be moved, both ways, while the request is with the endpoint.
  func pump(_ connection: UpstreamConnection, _ downstream: DownstreamConnection) {
    pumpRequest(connection, downstream)
    if stage == .responding { pumpResponse(connection, downstream) }
  }
}
