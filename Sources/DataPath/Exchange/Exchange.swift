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
/// What it knows stands in a handful of values, each with its own invariants and each reset by one
/// assignment: `clocks`, `requestProgress`, `answerProgress`, `client`, `identifiers`, `history`, `hold`
/// and `replyDetails`. The steps are extensions, in the folders of the journey. Data is pulled: a
/// side is read only when the other side's output has room, so nothing is buffered beyond one buffer
/// a direction.
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
  var listener: ListenerSnapshot?
  /// Who is calling, and what of that is believed.
  var client = ClientIdentity()

  // MARK: The request

  var decoder = RequestDecoder(limits: HeadLimits())
  let head = RequestHead()
  /// How much of it is understood.
  var headPart = RequestHead.Part.nothing
  var hasHead: Bool { headPart == .whole }
  /// The path after normalisation; without a block where that changed nothing.
  let normalizedPath = Buffer()
  var route: Route?
  /// Which of the route's series counts it: which of a split's shares it took.
  var seriesIndex = 0
  var identifiers = RequestIdentifiers()
  let requestBody = BodyDecoder()
  var requestProgress = RequestProgress()

  // MARK: The attempt

  var upstream: WorkerUpstream?
  var attempt = Attempt()
  var connection: UpstreamConnection?
  /// Its place among those who wait for a connection.
  var ticket: UInt32 = 0
  /// What came before the attempt that is under way.
  var history = AttemptHistory()
  /// What admission took, to be given back.
  var hold = AdmissionHold()
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
  /// What a reply of ours says beside its failure's name.
  var replyDetails = ReplyDetails()
  private(set) lazy var hedge = HedgeAttempt()
  /// `hedge` has a connection.
  var isHedged = false

  /// What of the way so far was not the plain one.
  var trail = ExchangeTrail()

  // MARK: The response

  let responseHead = ResponseHead()
  let responseBody = BodyDecoder()
  var answerProgress = AnswerProgress()
  var keepsDownstreamOpen = false
  var status: UInt16 = 0
  var failure: FailureKind?

  var clocks = ExchangeClocks()

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
    client.isTrusted = downstream.isTrusted(by: settings)
    let listener = downstream.listener.current
    self.listener = listener
    decoder = RequestDecoder(limits: listener.settings.headLimits)
    stage = .head
    let now = now
    clocks.begin(
      now, headBy: now.advanced(byNanoseconds: listener.settings.requestHeadNanoseconds))
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
      sendRequest(on: connection, downstream)
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
