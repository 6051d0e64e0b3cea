import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Upstreams

/// The end of an exchange: the reply to a failure, the books, and what becomes of the connections.
extension Exchange {
  /// Ends the exchange as `kind`. The client is answered where no answer has begun; else its
  /// connection is cut.
  func fail(_ kind: FailureKind, _ detail: StaticString = "") {
    guard stage != .idle, let downstream else { return }
    if failure == nil {
      failure = kind
      replyDetails.detail = detail
    }
    if stage == .head, !hasHead { salvageHead(downstream) }
    // What the client did says nothing of the service.
    let isClients = isHeldUpByClient(kind)
    if isClients { settleAsNothing() } else { settle(kind) }
    leave(isClients ? nil : kind)
    takeBackAnswer(downstream)
    if answerProgress.hasBegun { return cut(downstream) }
    status = replyDetails.status == 0 ? kind.row.status : replyDetails.status
    if kind.row.status == 499 || downstream.isBroken { return cut(downstream) }
    // What a client that is at fault sends next is not trusted to be a request.
    keepsDownstreamOpen =
      keepsDownstreamOpen && hasHead && kind.row.side != .downstream
    reply(downstream) { LocalReply.append(kind, detail, for: self, to: $0) }
  }

  /// An answer of which nothing has been sent has not begun: the client may be told what failed, or
  /// given another. False: some of it is with the client.
  @discardableResult
  func takeBackAnswer(_ downstream: DownstreamConnection) -> Bool {
    guard answerProgress.hasBegun, stage == .responding,
      downstream.bytesSent <= answerProgress.start
    else {
      return !answerProgress.hasBegun
    }
    let out = downstream.output
    out.truncate(Int(downstream.bytesSent + UInt64(out.count) - answerProgress.start))
    answerProgress.takeBack()
    return true
  }

  /// Gives up what the exchange holds of the upstream.
  private func leave(_ kind: FailureKind? = nil) {
    guard let upstream else { return }
    if stage == .waiting { upstream.leaveQueue(ticket) }
    if isHedged { dropHedge(upstream) }
    if let kind, kind.row.side != .downstream { recordAttempt(kind, upstream) }
    recordCut(upstream)
    endAttempt(upstream)
    if let connection, let endpoint {
      self.connection = nil
      // A tunnel that both sides have ended still has bytes on their way.
      let isOver = answerProgress.tunnelEnds == [.request, .response]
      let reason: UpstreamMetrics.Close =
        isOver ? .notPersistent : failure?.row.side == .upstream ? .error : .abandoned
      endpoint.close(connection, reason, reset: !isOver)
    }
  }

  /// Sends an answer of our own; `write` answers false when it does not fit.
  func reply(_ downstream: DownstreamConnection, _ write: (Buffer) -> Bool) {
    // A request whose body has not come yet: it may be in the input, whole.
    if !requestProgress.isDone, hasHead { skipBody(of: downstream) }
    if !requestProgress.isDone || downstream.isDraining { keepsDownstreamOpen = false }
    answerProgress.replyBegins()
    stage = .replying
    clocks.replyBegins()
    let out = downstream.output
    if !pool.lend(to: out, atLeast: BufferPool.largeBytes) { pool.lendBeyondBudget(to: out) }
    // Interim answers that the client has not taken yet go first.
    out.compact()
    guard write(out) else { return cut(downstream) }
    sendReply(downstream)
  }

  /// Passes over a body that nobody wants, if all of it is there already.
  private func skipBody(of downstream: DownstreamConnection) {
    switch head.framing {
    case .none: requestProgress.ended()
    case .length(let length):
      // Bytes that went straight to an endpoint are gone from the input.
      guard requestProgress.unrepeatableBytes == 0,
        length <= UInt64(downstream.input.count - head.headBytes)
      else { return }
      requestProgress.skip(to: head.headBytes + Int(length))
    case .chunked, .untilClose: break
    }
  }

  /// Sends what is left for the client.
  func sendReply(_ downstream: DownstreamConnection) {
    switch downstream.flush() {
    case .drained: finish(downstream)
    case .blocked(let tookSome): noteBlocked(tookSome, downstream)
    case .failed:
      failure = failure ?? .downstreamClosed
      cut(downstream)
    }
  }

  /// The client gets no whole answer: its connection is reset.
  func cut(_ downstream: DownstreamConnection) {
    closeBooks(.cut)
    reset()
    downstream.close(reset: true)
  }

  /// The answer is with the kernel: closes the books.
  func finish(_ downstream: DownstreamConnection) {
    guard stage != .idle else { return }
    if stage == .tunnelling { leave() }
    closeBooks(answerProgress.headAt == nil ? .replied : .answered)
    let consumed = answerProgress.isUpgraded ? 0 : requestProgress.bodyOffset
    let keepsOpen = keepsDownstreamOpen && requestProgress.isDone
    reset()
    downstream.exchangeEnded(consumed: consumed, keepsOpen: keepsOpen)
  }

  private func closeBooks(_ ending: ExchangeTrace.Ending) {
    guard let listener, hasHead || answerProgress.isUpgraded || failure != nil else { return }
    let code = failure?.row.status == 499 ? 499 : status
    let series = route?.series[seriesIndex] ?? listener.unrouted
    let nanoseconds = now.nanoseconds(since: clocks.startedAt)
    series.record(status: code, failure: failure, nanoseconds: nanoseconds)
    log(code, nanoseconds)
    if worker.tellsRequests { worker.tell(RequestNote(self, code, nanoseconds)) }
    if isWorthExplaining(code, nanoseconds) { explain(code, nanoseconds, ending) }
  }

  private func log(_ code: UInt16, _ nanoseconds: Int64) {
    guard let log = worker.accessLog, let sample = settings?.accessLogSample, sample > 0,
      sample == 1 || failure != nil || worker.random.below(sample) == 0,
      let out = log.beginLine()
    else { return }
    AccessLogLine.write(self, code, nanoseconds, to: out)
    worker.logWritten()
  }

  /// Ready for the worker's store. What is held is given back.
  func reset() {
    if normalizedPath.hasBlock { pool.reclaim(from: normalizedPath) }
    giveBackAdmission()
    stage = .idle
    downstream = nil
    settings = nil
    listener = nil
    headPart = .nothing
    client.forget()
    route = nil
    seriesIndex = 0
    identifiers.trace = nil
    requestProgress = RequestProgress()
    upstream = nil
    attempt.clear()
    connection = nil
    history = AttemptHistory()
    fault = .none
    shadowBits = 0
    if !loggedAnswer.isEmpty { loggedAnswer = [] }
    replyDetails = ReplyDetails()
    if trail.isUsed || trail.hasWaited { trail.reset() }
    answerProgress = AnswerProgress()
    status = 0
    failure = nil
    clocks = ExchangeClocks()
    keepsDownstreamOpen = false
    worker.give(self)
  }
}
