import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Upstreams

/// The second attempt beside a slow first one.
///
/// Beside retries and not instead of them: who answers first is the attempt, and a failure of one
/// leaves the other to go on.
extension Exchange {
  /// The first attempt is out: says when it has been left alone for long enough.
  func armHedge(_ upstream: WorkerUpstream) {
    guard let policy = route?.policy?.hedge, history.begun == 1, !head.hasBody, !head.wantsUpgrade,
      !head.logsIn, connection?.isPrivate != true,
      let delay = policy.delay(upstream.digest, isIdempotent: head.method.isIdempotent)
    else { return }
    // From where its latency counts, as that of those whose percentile this is.
    clocks.hedge(at: attempt.timedFrom.advanced(byNanoseconds: delay))
  }

  func beginHedge(_ downstream: DownstreamConnection) {
    clocks.hedge(at: .distantFuture)
    // Beside the first attempt only; what comes after it is a retry.
    guard history.begun == 1, stage == .responding, !answerProgress.hasBegun, !isHedged,
      let upstream,
      let budget = route?.policy?.hedgeBudget
    else { return }
    guard budget.tryBeginRetry() else { return refuseHedge(upstream) }
    var request = pickRequest(upstream, downstream)
    request.asksLastResort = false
    if let key = endpoint?.key { request.tried.insert(key) }
    let hedge = hedge
    let connection: UpstreamConnection
    let isConnected: Bool
    switch upstream.checkOut(for: hedge, request) {
    case .reused(let kept): (connection, isConnected) = (kept, true)
    case .connecting(let fresh): (connection, isConnected) = (fresh, false)
    case .waiting: return giveUpHedge(nil, upstream, budget)
    case .refused(let failure): return giveUpHedge(failure, upstream, budget)
    }
    hold.parts.insert(.hedge)
    isHedged = true
    hedge.attempt.isReused = isConnected
    hedge.attempt.isCounted = true
    hedge.attempt.kind = .hedge
    hedge.attempt.routeKey = attempt.routeKey
    if let endpoint = hedge.attempt.endpoint { upstream.attemptBegan(endpoint) }
    hedge.begin(for: self, on: connection, isConnected: isConnected)
    if isHedged, hedge.attempt.ticket != .none { watchSlow(upstream) }
  }

  /// No connection came of it. An endpoint whose connection could not even be begun hears so: its
  /// breaker may wait for just this probe.
  private func giveUpHedge(
    _ failure: FailureKind?, _ upstream: WorkerUpstream, _ budget: RetryBudget
  ) {
    if let failure, hedge.attempt.endpoint != nil {
      upstream.record(&hedge.attempt, failure, now)
      keepHedge(.failed(failure))
    }
    hedge.clear()
    budget.retryEnded()
    refuseHedge(upstream)
  }

  private func refuseHedge(_ upstream: WorkerUpstream) {
    trail.hedgeRefused()
    upstream.count(.refused)
  }

  /// Writes the request for the hedge; false: there is no room.
  func writeHedge(on connection: UpstreamConnection, _ attempt: Attempt) -> Bool {
    guard let route, let downstream, let upstream, let endpoint = attempt.endpoint,
      lendOutput(of: connection, for: downstream)
    else { return false }
    history.requestSent()
    shard.add(upstream.metrics.attempts)
    connection.beginAttempt()
    return RequestWriter.write(self, route, downstream, endpoint, to: connection.output)
  }

  /// Something came on the hedge's connection. Only bytes are an answer: an end without any leaves
  /// the first attempt alone, and what was there before the hedge went out answers no request of
  /// ours.
  func hedgeReady(_ connection: UpstreamConnection) {
    guard connection.mayReceive || connection.isBroken else { return }
    if connection.isAnsweredTooEarly { return hedgeFailed(.upstreamClosed) }
    guard makeRoom(in: connection.input) else { return hedgeFailed(.bufferBudgetExceeded) }
    switch connection.receive(into: connection.input) {
    case .bytes:
      clocks.moved(now)
      judgeHedge(connection)
    case .wouldBlock:
      if connection.isBroken { hedgeFailed(.upstreamReset) }
    case .endOfStream: hedgeFailed(.upstreamClosed)
    case .failed: hedgeFailed(.upstreamReset)
    }
  }

  /// A bad answer that is quick does not cut a first attempt that may yet be answered well.
  private func judgeHedge(_ connection: UpstreamConnection) {
    let input = connection.input
    guard let status = ResponseHints.status(input.readable) else {
      // Its first line is not there yet; one that is none is the decoder's to refuse.
      if input.count >= ResponseHints.statusEnd { adoptHedge() }
      return
    }
    guard self.connection != nil, let upstream, let endpoint = hedge.attempt.endpoint,
      isWorthWaiting(status, upstream)
    else { return adoptHedge() }
    upstream.record(&hedge.attempt, status: status, now)
    keepHedge(.answered(status: status))
    upstream.attemptEnded(endpoint, hedge.attempt.nanoseconds, isFailure: true)
    hedge.clear()
    endHedge()
    endpoint.close(connection, .abandoned, reset: true)
    upstream.count(.lost)
    resumeAnswer()
  }

  /// An answer that another attempt, which is out already, may better: a failure of the service, or
  /// "not now". What the service does for nobody (501, 505) is no better elsewhere.
  private func isWorthWaiting(_ status: UInt16, _ upstream: WorkerUpstream) -> Bool {
    status >= 500 && status != 501 && status != 505
      || upstream.plan.state.endpointClassifier.outcome(status: status) != .success
  }

  // MARK: A bad answer to the first attempt

  /// The first attempt's answer is bad and the hedge is out: it is kept, undelivered, until the
  /// hedge has answered or failed or the request's time is up. False: it goes to the client.
  func waitForHedge(_ upstream: WorkerUpstream) -> Bool {
    let status = responseHead.status
    let isRetried =
      route?.policy?.retry?.conditions.matchesAnswer(status: status, grpcStatus: nil) ?? false
    guard isRetried || isWorthWaiting(status, upstream) else { return false }
    recordAttempt(status: status, upstream)
    clocks.attemptEnded()
    stage = .awaitingHedge
    return true
  }

  /// The hedge is gone: an answer that waited for it goes on from its head.
  func resumeAnswer() {
    guard stage == .awaitingHedge, let connection, let downstream else { return }
    stage = .responding
    connection.decoder.reset()
    armDeadline(downstream)
    pump(connection, downstream)
  }

  /// The hedge has been answered first: the first attempt is cut.
  private func adoptHedge() {
    guard let upstream, let downstream else { return }
    if let connection, let endpoint {
      self.connection = nil
      keep(attempt.isRecorded ? .answered(status: responseHead.status) : .abandoned)
      recordCut(upstream)
      endAttempt(upstream)
      endpoint.close(connection, .abandoned, reset: true)
    }
    upstream.count(.won)
    adopt(hedge, downstream)
  }

  /// The first attempt has failed: the hedge is what is left.
  func promoteHedge(_ upstream: WorkerUpstream, _ downstream: DownstreamConnection) {
    upstream.count(.won)
    adopt(hedge, downstream)
  }

  private func adopt(_ hedge: HedgeAttempt, _ downstream: DownstreamConnection) {
    guard let connection = hedge.connection else { return }
    let isSent = hedge.isSent
    attempt = hedge.attempt
    hedge.clear()
    endHedge()
    self.connection = connection
    connection.borrower = self
    history.attemptBegins()
    requestProgress.ended()
    requestProgress.attemptBegins()
    armTry()
    if isSent {
      stage = .responding
      armDeadline(downstream)
      pump(connection, downstream)
    } else {
      stage = .connecting
      armDeadline(downstream)
    }
  }

  func hedgeFailed(_ failure: FailureKind) {
    guard let upstream, let connection = hedge.connection, let endpoint = hedge.attempt.endpoint
    else { return }
    upstream.record(&hedge.attempt, failure, now)
    keepHedge(.failed(failure))
    upstream.attemptEnded(endpoint, nil, isFailure: true)
    hedge.clear()
    endHedge()
    if connection.isOpen {
      endpoint.close(connection, .error)
    } else {
      endpoint.forget(connection, .connectFailed)
    }
    upstream.count(.lost)
    resumeAnswer()
  }

  /// The exchange has its answer, or is over.
  func dropHedge(_ upstream: WorkerUpstream) {
    guard isHedged, let connection = hedge.connection, let endpoint = hedge.attempt.endpoint else {
      return
    }
    let wait = now.nanoseconds(since: hedge.attempt.timedFrom)
    upstream.recordCut(&hedge.attempt, after: wait, now)
    keepHedge(.abandoned)
    upstream.attemptEnded(endpoint, nil, isFailure: false)
    hedge.clear()
    endHedge()
    endpoint.close(connection, .abandoned, reset: true)
    upstream.count(.lost)
  }

  private func endHedge() {
    isHedged = false
    if hold.parts.remove(.hedge) != nil { route?.policy?.hedgeBudget?.retryEnded() }
  }
}
