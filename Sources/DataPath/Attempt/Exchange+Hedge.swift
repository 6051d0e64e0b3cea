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
  func armHedge(_ upstream: WorkerUpstream, _ downstream: DownstreamStream) {
    let head = downstream.head
    guard let policy = route?.policy?.hedge, history.begun == 1, !head.hasBody, !head.wantsUpgrade,
      !head.logsIn, attempt.stream?.isPrivate != true,
      let delay = policy.delay(upstream.digest, isIdempotent: head.method.isIdempotent)
    else { return }
    // From where its latency counts, as that of those whose percentile this is.
    clocks.hedge(at: attempt.timedFrom.advanced(byNanoseconds: delay))
  }

  func beginHedge(_ downstream: DownstreamStream) {
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
    let stream: UpstreamStream
    let isConnected: Bool
    switch upstream.checkOut(for: hedge, request, isFresh: false, waiting: nil) {
    case .reused(let kept): (stream, isConnected) = (kept, true)
    case .connecting(let fresh): (stream, isConnected) = (fresh, false)
    case .waiting: return giveUpHedge(nil, upstream, budget)
    case .refused(let failure): return giveUpHedge(failure, upstream, budget)
    }
    hold.parts.insert(.hedge)
    hedge.takes(stream, isReused: isConnected)
    hedge.isCounted = true
    hedge.kind = .hedge
    hedge.routeKey = attempt.routeKey
    if let endpoint = hedge.endpoint { upstream.attemptBegan(endpoint) }
    if isConnected { sendHedge(on: stream) }
    if isHedged, hedge.ticket != .none { watchSlow(upstream) }
  }

  /// No connection came of it. An endpoint whose connection could not even be begun hears so: its
  /// breaker may wait for just this probe.
  private func giveUpHedge(
    _ failure: FailureKind?, _ upstream: WorkerUpstream, _ budget: RetryBudget
  ) {
    if let failure, hedge.endpoint != nil {
      upstream.record(hedge, failure, now)
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

  /// The hedge has its connection: its request goes out.
  private func sendHedge(on stream: UpstreamStream) {
    guard let route, let downstream, let upstream, let endpoint = hedge.endpoint else { return }
    endpoint.reached()
    history.requestSent()
    shard.add(upstream.metrics.attempts)
    guard case .whole = stream.sendHead(of: self, downstream, route, to: endpoint) else {
      return hedgeFailed(.bufferBudgetExceeded)
    }
    hedge.sends(on: stream, now)
    if case .failed = stream.flush() { hedgeFailed(.upstreamReset) }
  }

  /// Something came on the hedge's side. Only bytes are an answer: an end without any leaves the
  /// first attempt alone, and what was there before the hedge went out answers no request of ours.
  func hedgeReady(_ stream: UpstreamStream) {
    if !hedge.isSent { return sendHedge(on: stream) }
    if !stream.isOutputEmpty, case .failed = stream.flush() { return hedgeFailed(.upstreamReset) }
    guard stream.mayReceive || stream.isBroken else { return }
    if stream.isAnsweredTooEarly { return hedgeFailed(.upstreamClosed) }
    switch stream.receive() {
    case .bytes:
      clocks.moved(now)
      judgeHedge(stream)
    case .nothing: break
    case .failed(let failure): hedgeFailed(failure)
    }
  }

  /// A bad answer that is quick does not cut a first attempt that may yet be answered well.
  private func judgeHedge(_ stream: UpstreamStream) {
    switch stream.readStatus() {
    case .incomplete: return
    // The decoder is to refuse it.
    case .none: return adoptHedge()
    case .known(let status):
      guard attempt.stream != nil, let upstream, let endpoint = hedge.endpoint,
        isWorthWaiting(status, upstream)
      else { return adoptHedge() }
      upstream.record(hedge, status: status, now)
      keepHedge(.answered(status: status))
      upstream.attemptEnded(endpoint, hedge.nanoseconds, isFailure: true)
      endHedge(.abandoned, reset: true)
      upstream.count(.lost)
      resumeAnswer()
    }
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
  func waitForHedge(_ head: ResponseHead, _ upstream: WorkerUpstream) -> Bool {
    let status = head.status
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
    guard stage == .awaitingHedge, let stream = attempt.stream, let downstream else { return }
    stage = .responding
    stream.rereadHead()
    armDeadline(downstream)
    pump(stream, downstream)
  }

  /// The hedge has been answered first: the first attempt is cut.
  private func adoptHedge() {
    guard let upstream, let downstream else { return }
    if let stream = attempt.stream {
      keep(attempt.isRecorded ? .answered(status: stream.head.status) : .abandoned)
      recordCut(upstream)
      endAttempt(upstream)
      attempt.close(.abandoned, reset: true)
    }
    promoteHedge(upstream, downstream)
  }

  /// The first attempt is over: the hedge is what is left.
  func promoteHedge(_ upstream: WorkerUpstream, _ downstream: DownstreamStream) {
    upstream.count(.won)
    promoteSecond()
    endHedgeBudget()
    guard let stream = attempt.stream else { return }
    history.attemptBegins()
    requestProgress.ended()
    requestProgress.attemptBegins()
    armTry()
    stage = attempt.isSent ? .responding : .connecting
    armDeadline(downstream)
    if stage == .responding { pump(stream, downstream) }
  }

  func hedgeFailed(_ failure: FailureKind) {
    guard let upstream, isHedged, let endpoint = hedge.endpoint else { return }
    upstream.record(hedge, failure, now)
    keepHedge(.failed(failure))
    upstream.attemptEnded(endpoint, nil, isFailure: true)
    endHedge(.error, reset: false)
    upstream.count(.lost)
    resumeAnswer()
  }

  /// The exchange has its answer, or is over.
  func dropHedge(_ upstream: WorkerUpstream) {
    guard isHedged, let endpoint = hedge.endpoint else { return }
    let wait = now.nanoseconds(since: hedge.timedFrom)
    upstream.recordCut(hedge, after: wait, now)
    keepHedge(.abandoned)
    upstream.attemptEnded(endpoint, nil, isFailure: false)
    endHedge(.abandoned, reset: true)
    upstream.count(.lost)
  }

  private func endHedge(_ reason: UpstreamMetrics.Close, reset: Bool) {
    hedge.close(reason, reset: reset)
    hedge.clear()
    endHedgeBudget()
  }

  private func endHedgeBudget() {
    if hold.parts.remove(.hedge) != nil { route?.policy?.hedgeBudget?.retryEnded() }
  }
}
