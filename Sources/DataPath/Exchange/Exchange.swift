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
/// Its steps and what may follow each are drawn at `ExchangeStage`, and ARCHITECTURE.md follows a request
/// through them.
///
/// It joins two streams, the client's and that of its attempt, and does not know which protocol they
/// speak. What it knows itself stands in a handful of values, each with its own invariants and each made
/// ready for the next request by one line of `reset`: `clocks`, `requestProgress`, `answerProgress`,
/// `result`, `client`, `identifiers`, `attempts`, `hold`, `replyDetails`, `trail` and `notes`. The steps are
/// extensions, in the folders of the journey.
/// Data is pulled: a side is read only when the other side's output has room, so nothing is buffered
/// beyond one buffer a direction.
/// Confinement: the worker's loop, which gives it a deadline and turns of its own. Reused with its
/// stream from request to request, so that steady traffic allocates nothing.
package final class Exchange: EventSource {
  static let rootPath: [UInt8] = [0x2F]
  static let asterisk: [UInt8] = [0x2A]

  let worker: Worker
  /// The worker's, kept here: one reference less to follow and to count.
  let loop: EventLoop
  let shard: MetricShard
  private(set) var stage = ExchangeStage.idle
  /// Who asked. Set from `begin` to `reset`.
  private(set) var downstream: DownstreamStream?
  /// What it began with: a reload does not change the rules under it.
  private(set) var listener: ListenerSnapshot?
  /// Who is calling, and what of that is believed.
  var client = ClientIdentity()

  // MARK: The request

  /// The path after normalisation; without a block where that changed nothing.
  let normalizedPath = Buffer()
  var route: Route?
  /// Which of the route's series counts it: which of a split's shares it took.
  var seriesIndex = 0
  var identifiers = RequestIdentifiers()
  var requestProgress = RequestProgress()
  var grpc = GRPCCall()

  // MARK: The attempt

  var upstream: WorkerUpstream?
  /// The one that is under way, or was the last.
  let attempt = Attempt()
  /// The one beside it; made at the first hedge.
  private var second: Attempt?
  /// What came before the attempt that is under way, and what follows it.
  var attempts = AttemptLoop()
  /// What admission took, to be given back.
  var hold = AdmissionHold()
  /// What a reply of ours says beside its failure's name.
  var replyDetails = ReplyDetails()

  // MARK: The answer

  var answerProgress = AnswerProgress()
  var result = ExchangeResult()

  var clocks = ExchangeClocks()
  /// What of the way so far was not the plain one.
  var trail = ExchangeTrail()
  var notes = LogNotes()

  init(worker: Worker) {
    self.worker = worker
    loop = worker.loop
    shard = worker.shard
    super.init()
    attempt.exchange = self
    loop.add(self)
  }

  /// It is not to be used again.
  func end() { loop.remove(self) }

  var now: Instant { loop.now }

  /// Stays after an attempt, for the log.
  var endpoint: WorkerEndpoint? { attempt.endpoint }

  /// The rules for the whole proxy.
  var settings: ProxySettings? { listener?.proxySettings }

  /// The rules for the client's connection.
  var listenerSettings: ListenerSettings? { listener?.settings }

  /// A second attempt, to go out beside the first.
  var hedge: Attempt {
    if let second { return second }
    let made = Attempt()
    made.exchange = self
    second = made
    return made
  }

  var status: UInt16 { result.status }
  var failure: FailureKind? { result.failure }

  /// The next step of the journey.
  @inline(__always)
  func go(to next: ExchangeStage) {
    assert(next.mayFollow(stage), "\(next) does not follow \(stage)")
    stage = next
  }

  /// The second attempt is out.
  var isHedged: Bool { attempts.isHedged }

  /// The hedge takes the place of the first attempt, which is over.
  func promoteSecond() {
    if let second { attempt.adopt(second) }
  }

  // MARK: Events

  /// The first bytes of a request are there, or the end of the connection.
  func begin(
    _ downstream: DownstreamStream, on connection: DownstreamConnection, _ accepted: Listener
  ) {
    self.downstream = downstream
    let listener = accepted.current
    self.listener = listener
    client.isTrusted = connection.isTrusted(by: listener.proxySettings)
    go(to: .head)
    let now = now
    clocks.begin(
      now, headBy: now.advanced(byNanoseconds: listener.settings.requestHeadNanoseconds))
    readRequestHead(downstream)
    if stage == .head { armDeadline(downstream) }
  }

  /// Ready for the next request. What is held is given back.
  func reset() {
    if normalizedPath.hasBlock { worker.pool.reclaim(from: normalizedPath) }
    giveBackAdmission()
    loop.disarm(self)
    go(to: .idle)
    downstream = nil
    listener = nil
    client.forget()
    route = nil
    seriesIndex = 0
    identifiers.trace = nil
    requestProgress = RequestProgress()
    grpc = GRPCCall()
    upstream = nil
    attempt.clear()
    attempts = AttemptLoop()
    replyDetails = ReplyDetails()
    notes.reset()
    if trail.isUsed || trail.hasWaited { trail.reset() }
    answerProgress = AnswerProgress()
    result = ExchangeResult()
    clocks = ExchangeClocks()
  }

  package override func deadlinePassed() {
    if let downstream { deadlinePassed(downstream) }
  }

  package override func resume() {
    if let downstream { downstreamReady(downstream) }
  }

  /// Something happened on the client's side.
  func downstreamReady(_ downstream: DownstreamStream) {
    switch stage {
    case .idle: return
    case .head: return readRequestHead(downstream)
    case .tunnelling: break
    default:
      if hasLeft(downstream) { return fail(.downstreamClosed) }
    }
    pump(downstream)
  }

  /// A client that ends its direction before it has its answer has left, as for nginx and Envoy:
  /// most are gone altogether, and their work is not to be done. Where the listener answers them, only
  /// a reset says so; that the request is not whole is seen where its body is read.
  func hasLeft(_ downstream: DownstreamStream) -> Bool {
    downstream.hasLeft(mayHalfClose: listener?.settings.answersHalfClosed == true)
  }

  /// Something happened on the endpoint's side of `attempt`, which is ours.
  func streamReady(of attempt: Attempt) {
    guard let downstream, let stream = attempt.stream else {
      preconditionFailure("a connection without an exchange")
    }
    guard attempt === self.attempt else { return hedgeReady(stream) }
    switch stage {
    case .connecting:
      endpoint?.reached()
      if let upstream { sendRequest(on: stream, upstream, downstream) }
    case .responding:
      // Bytes that were there before the request went out answer no request of ours.
      if stream.isAnsweredTooEarly { return attemptFailed(.upstreamClosed) }
      pump(stream, downstream)
    case .tunnelling: pumpTunnel(stream, downstream)
    // What comes stays in the socket until its answer is wanted.
    case .awaitingHedge: break
    case .idle, .head, .delayed, .choosing, .waiting, .backingOff, .replying:
      preconditionFailure("a connection without an attempt")
    }
  }

  /// No connection to the endpoint came about.
  func connectFailed(_ attempt: Attempt, _ failure: FailureKind) {
    if attempt === self.attempt { attemptFailed(failure) } else { hedgeFailed(failure) }
  }

  /// Moves what can be moved.
  func pump(_ downstream: DownstreamStream) {
    if stage == .replying { return sendReply(downstream) }
    guard let stream = attempt.stream else { return }
    switch stage {
    case .responding: pump(stream, downstream)
    case .tunnelling: pumpTunnel(stream, downstream)
    case .idle, .head, .delayed, .choosing, .waiting, .connecting, .backingOff, .replying,
      .awaitingHedge:
      break
    }
  }

  /// Moves what can be moved, both ways, while the request is with the endpoint.
  func pump(_ stream: UpstreamStream, _ downstream: DownstreamStream) {
    pumpRequest(stream, downstream)
    if stage == .responding { pumpResponse(stream, downstream) }
  }
}
