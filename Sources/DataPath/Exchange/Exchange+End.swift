import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Routing
import Telemetry
import Transport
import Upstreams

/// The end of an exchange: the reply to a failure, the books, and what becomes of the connections.
extension Exchange {
  /// Ends the exchange as `kind`. The client is answered where no answer has begun; else its
  /// connection is cut.
  func fail(_ kind: FailureKind, _ detail: StaticString = "") {
    guard stage != .idle, let downstream else { return }
    if result.fails(as: kind) { replyDetails.explain(detail) }
    if stage == .head, downstream.headPart != .whole { salvageHead(downstream) }
    // What the client did says nothing of the service.
    let isClients = isHeldUpByClient(kind)
    if isClients { settleAsNothing() } else { settle(kind) }
    let row = kind.row
    leave(isClients || row.side == .downstream ? nil : kind)
    takeBackAnswer(downstream)
    if answerProgress.hasBegun { return cut(downstream) }
    let status = replyDetails.status == 0 ? row.status : replyDetails.status
    result.answers(grpc.isCall ? 200 : status)
    if row.status == 499 || downstream.isBroken { return cut(downstream) }
    // What a client that is at fault sends next is not trusted to be a request. One that may not do what
    // it asks for is understood, and others may ask over the same connection.
    let isUnderstood = row.side != .downstream || kind == .authorizationDenied
    if downstream.headPart != .whole || !isUnderstood {
      downstream.keepsOpen(false)
    }
    let told = grpc.isCall ? kind.grpcStatus(status: status) : nil
    reply(downstream, .failure(FailureReply(row, detail, status, told, to: downstream)))
  }

  /// An answer of which nothing has been sent has not begun: the client may be told what failed, or
  /// given another. False: some of it is with the client.
  @discardableResult
  func takeBackAnswer(_ downstream: DownstreamStream) -> Bool {
    guard answerProgress.hasBegun, stage == .responding, downstream.takeBackHead() else {
      return !answerProgress.hasBegun
    }
    answerProgress.takeBack()
    return true
  }

  /// Gives up what the exchange holds of the upstream. `kind`: what the attempt failed as; nil: it was
  /// cut for the client's sake.
  private func leave(_ kind: FailureKind? = nil) {
    guard let upstream else { return }
    if stage == .waiting { upstream.leaveQueue(attempt.queueTicket) }
    if isHedged { dropHedge(upstream) }
    if let kind { recordAttempt(kind, upstream) }
    recordCut(upstream)
    endAttempt(upstream)
    if attempt.stream != nil {
      // A tunnel that both sides have ended still has bytes on their way.
      let isOver = answerProgress.tunnelEnds == [.request, .response]
      let reason: UpstreamMetrics.Close =
        isOver ? .notPersistent : failure?.row.side == .upstream ? .error : .abandoned
      attempt.close(reason, reset: !isOver)
    }
  }

  /// Sends an answer of our own.
  func reply(_ downstream: DownstreamStream, _ wanted: LocalReply) {
    let reply = grpc.isCall ? replyForGRPC(wanted) : wanted
    switch reply {
    case .failure: break
    case .trailersOnly: result.answers(200)
    case .redirect(let redirect): result.answers(redirect.status)
    case .response(let response): result.answers(response.status)
    }
    // A request whose body has not come yet: it may be there, whole.
    if !requestProgress.isDone, downstream.headPart == .whole, downstream.skipBody() {
      requestProgress.ended()
    }
    if !requestProgress.isDone || downstream.connection.isDraining { downstream.keepsOpen(false) }
    answerProgress.replyBegins()
    go(to: .replying)
    clocks.replyBegins()
    guard downstream.put(reply) else { return cut(downstream) }
    sendReply(downstream)
  }

  /// Sends what is left for the client.
  func sendReply(_ downstream: DownstreamStream) {
    switch downstream.flush() {
    case .drained: finish(downstream)
    case .blocked(let tookSome): noteBlocked(tookSome, downstream)
    case .failed:
      result.fails(as: .downstreamClosed)
      cut(downstream)
    }
  }

  /// The client gets no whole answer: its connection is reset.
  func cut(_ downstream: DownstreamStream) {
    closeBooks(.cut, downstream)
    downstream.abort()
  }

  /// The answer is with the kernel: closes the books.
  func finish(_ downstream: DownstreamStream) {
    guard stage != .idle else { return }
    if stage == .tunnelling { leave() }
    closeBooks(answerProgress.headAt == nil ? .replied : .answered, downstream)
    downstream.finish(isWhole: requestProgress.isDone)
  }

  private func closeBooks(_ ending: ExchangeTrace.Ending, _ downstream: DownstreamStream) {
    guard let listener, downstream.headPart == .whole || failure != nil else { return }
    let code = failure?.row.status == 499 ? 499 : status
    if grpc.isCall { endGRPC(ending) }
    let series = route?.series[seriesIndex] ?? listener.unrouted
    let nanoseconds = now.nanoseconds(since: clocks.startedAt)
    series.record(status: code, failure: failure, nanoseconds: nanoseconds)
    log(code, nanoseconds, downstream)
    if worker.tellsRequests { worker.tell(RequestNote(self, downstream, code, nanoseconds)) }
    if isWorthExplaining(code, nanoseconds) { explain(code, nanoseconds, ending, downstream) }
  }

  private func log(_ code: UInt16, _ nanoseconds: Int64, _ downstream: DownstreamStream) {
    guard let log = worker.accessLog, let sample = settings?.accessLogSample, sample > 0,
      sample == 1 || failure != nil || worker.random.below(sample) == 0,
      let out = log.beginLine()
    else { return }
    AccessLogLine.write(self, downstream, code, nanoseconds, to: out)
    worker.logWritten()
  }
}
