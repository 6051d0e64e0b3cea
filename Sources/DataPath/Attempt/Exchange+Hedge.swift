import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Transport
import Upstreams

/// The second attempt beside a slow first one.
///
/// Beside retries and not instead of them: who answers first is the attempt, and a failure of one
/// leaves the other to go on.
extension Exchange {
  /// The first attempt is out: says when it has been left alone for long enough.
  func armHedge(_ upstream: WorkerUpstream, _ downstream: DownstreamStream) {
    let head = downstream.head
    guard let policy = route?.policy?.hedge,
      let delay = attempts.hedgeDelay(
        policy, upstream.digest, isIdempotent: head.method.isIdempotent,
        isRepeatable: !head.hasBody && !head.wantsUpgrade && !head.logsIn
          && attempt.stream?.isPrivate != true)
    else { return }
    // From where its latency counts, as that of those whose percentile this is.
    clocks.hedge(at: attempt.timedFrom.advanced(byNanoseconds: delay))
  }

  func beginHedge(_ downstream: DownstreamStream) {
    clocks.hedge(at: .distantFuture)
    guard stage == .responding, !answerProgress.hasBegun, let upstream,
      let budget = route?.policy?.hedgeBudget
    else { return }
    switch attempts.tryHedge(budget) {
    case .hedge: placeHedge(upstream, budget, downstream)
    case .budgetSpent: refuseHedge(upstream)
    case .tooLate: return
    }
  }

  /// Looks for another endpoint for it, with a place in the budget.
  private func placeHedge(
    _ upstream: WorkerUpstream, _ budget: RetryBudget, _ downstream: DownstreamStream
  ) {
    var request = pickRequest(upstream, downstream)
    request.asksLastResort = false
    if let key = endpoint?.key { request.tried.insert(key) }
    let hedge = hedge
    let stream: UpstreamStream
    let isConnected: Bool
    // A hedge that had to wait would come too late: it goes to whoever is free.
    switch upstream.checkOut(for: hedge, request, isFresh: false, waiting: nil) {
    case .reused(let kept): (stream, isConnected) = (kept, true)
    case .connecting(let fresh): (stream, isConnected) = (fresh, false)
    case .waiting: preconditionFailure("a hedge waits for nobody")
    case .refused(let failure): return giveUpHedge(failure, upstream, budget)
    }
    attempts.hedgeBegan()
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
    _ failure: FailureKind, _ upstream: WorkerUpstream, _ budget: RetryBudget
  ) {
    if hedge.endpoint != nil {
      upstream.record(hedge, failure, now)
      noteHedge(.failed(failure))
    }
    hedge.clear()
    attempts.hedgeRefused(budget)
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
    attempts.requestSent()
    shard.add(upstream.metrics.attempts)
    guard case .whole = stream.putHead(of: self, downstream, route, to: endpoint) else {
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
      guard let upstream, let endpoint = hedge.endpoint,
        !attempts.hedgeWins(status, upstream.plan.state.endpointClassifier.outcome(status: status))
      else { return adoptHedge() }
      upstream.record(hedge, status: status, now)
      noteHedge(.answered(status: status))
      upstream.attemptEnded(endpoint, hedge.nanoseconds, isFailure: true)
      endHedge(.abandoned, reset: true, upstream)
    }
  }

  // MARK: A bad answer to the first attempt

  /// The first attempt's answer is bad and the hedge is out: it is kept, undelivered, until the
  /// hedge has answered or failed or the request's time is up.
  func keepAnswer(_ status: UInt16, _ upstream: WorkerUpstream) {
    recordAttempt(status: status, upstream)
    clocks.attemptEnded()
    go(to: .awaitingHedge)
  }

  /// The hedge is gone: an answer that waited for it goes on from its head.
  private func resumeAnswer() {
    guard stage == .awaitingHedge, let stream = attempt.stream, let downstream else { return }
    go(to: .responding)
    stream.rereadHead()
    armDeadline(downstream)
    pump(stream, downstream)
  }

  /// The hedge has been answered first: the first attempt is cut.
  private func adoptHedge() {
    guard let upstream, let downstream else { return }
    if let stream = attempt.stream {
      noteAttempt(attempt.isRecorded ? .answered(status: stream.head.status) : .abandoned)
      recordCut(upstream)
      endAttempt(upstream)
      attempt.close(.abandoned, reset: true)
    }
    promoteHedge(upstream, downstream)
  }

  /// The first attempt is over: the hedge is what is left.
  func promoteHedge(_ upstream: WorkerUpstream, _ downstream: DownstreamStream) {
    upstream.count(.won)
    attempts.hedgePromoted(over: endpoint?.key, route?.policy?.hedgeBudget)
    promoteSecond()
    guard let stream = attempt.stream else { return }
    // Only what has no body is hedged, so that its head was all of it; and that the first endpoint took no
    // more is nothing that this one did.
    requestProgress.ended()
    requestProgress.attemptBegins()
    answerProgress.attemptBegins()
    notes.attemptBegins()
    armTry()
    go(to: attempt.isSent ? .responding : .connecting)
    armDeadline(downstream)
    if stage == .responding { pump(stream, downstream) }
  }

  func hedgeFailed(_ failure: FailureKind) {
    guard let upstream, isHedged, let endpoint = hedge.endpoint else { return }
    upstream.record(hedge, failure, now)
    noteHedge(.failed(failure))
    upstream.attemptEnded(endpoint, nil, isFailure: true)
    endHedge(.error, reset: false, upstream)
  }

  /// The exchange has its answer, which goes on if it was kept; or is over.
  func dropHedge(_ upstream: WorkerUpstream, goingOn: Bool = false) {
    guard isHedged, let endpoint = hedge.endpoint else { return }
    let wait = now.nanoseconds(since: hedge.timedFrom)
    upstream.recordCut(hedge, after: wait, now)
    noteHedge(.abandoned)
    upstream.attemptEnded(endpoint, nil, isFailure: false)
    if closeHedge(.abandoned, reset: true, upstream), goingOn { resumeAnswer() }
  }

  /// The hedge was of no use: an answer that was kept for its sake goes on.
  private func endHedge(
    _ reason: UpstreamMetrics.Close, reset: Bool, _ upstream: WorkerUpstream
  ) {
    if closeHedge(reason, reset: reset, upstream) { resumeAnswer() }
  }

  /// True: an answer was kept for its sake.
  private func closeHedge(
    _ reason: UpstreamMetrics.Close, reset: Bool, _ upstream: WorkerUpstream
  ) -> Bool {
    hedge.close(reason, reset: reset)
    hedge.clear()
    upstream.count(.lost)
    return attempts.hedgeEnded(route?.policy?.hedgeBudget)
  }
}
