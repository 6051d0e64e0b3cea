import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Upstreams

/// One attempt: an endpoint, a connection to it, and the request on it.
///
/// Below admission because it is gone through once an attempt; above the codec because what is sent
/// depends on who it is sent to. Fails as `no_endpoint`, `name_unresolved`, `circuit_open`,
/// `pending_overflow`, `pending_timeout`, `pending_shed`, `connect_*`, `descriptors_exhausted`,
/// `buffer_budget_exceeded`, `request_head_too_large`, `downstream_closed`, and as what comes of its answer
/// (`Exchange+Response`).
extension Exchange {
  /// Asks for a connection and goes on with what comes of it.
  func choose(_ upstream: WorkerUpstream, _ downstream: DownstreamStream) {
    go(to: .choosing)
    let request = pickRequest(upstream, downstream)
    if downstream.connection.hasPrivates, choosePrivate(request, upstream, downstream) { return }
    // A login begins on a connection that nobody has used: none of its legs may go to a stale one.
    switch upstream.checkOut(
      for: attempt, request, isFresh: attempts.needsFresh || downstream.head.logsIn,
      isForUpgrade: downstream.head.wantsUpgrade && upstream.isForUpgrades, waiting: self)
    {
    case .reused(let stream): takePlace(on: stream, upstream, downstream)
    case .connecting(let stream):
      attempt.takes(stream, isReused: false)
      beginAttempt(upstream)
      go(to: .connecting)
      armDeadline(downstream)
    case .waiting(let ticket):
      attempt.queueTicket = ticket
      go(to: .waiting)
      trail.waits(since: now)
      clocks.wait(
        until: now.advanced(byNanoseconds: upstream.plan.pendingNanoseconds),
        looking: upstream.queue.refusalDue ?? .distantFuture)
      armDeadline(downstream)
    case .refused(let failure):
      guard attempt.endpoint != nil else {
        if failure == .circuitOpen {
          // Nothing is known before that of those that are open; one look, however many they are.
          let next = upstream.availability.nextLook
          noteRefusal(after: next == .distantFuture ? 0 : next.nanoseconds(since: now), .endpoint)
        }
        // Nobody was asked: there is no attempt that could be made again.
        return giveUp(failure)
      }
      beginAttempt(upstream)
      attemptFailed(failure)
    }
  }

  /// The request asks for a change of protocol, for which a connection of HTTP/1.1 is needed, and may be
  /// had.
  var asksForUpgrade: Bool {
    downstream?.head.wantsUpgrade == true && upstream?.isForUpgrades == true
  }

  func pickRequest(
    _ upstream: WorkerUpstream, _ downstream: DownstreamStream
  ) -> PickRequest {
    var request = PickRequest(tried: attempts.tried)
    if let subset = route?.subset {
      request.subset = subset.number(at: seriesIndex, in: upstream.plan)
    }
    if let key = upstream.plan.hashKey {
      request.hash = key.with(self, downstream) { KeyHash.of($0) }
    }
    return request
  }

  private func beginAttempt(_ upstream: WorkerUpstream) {
    attempts.attemptBegins()
    if attempts.isRetry { attempt.kind = .retry }
    trail.waitEnded(now)
    clocks.attemptBegins(now)
    answerProgress.attemptBegins()
    notes.attemptBegins()
    if let route { attempt.routeKey = route.key }
    if let endpoint = attempt.endpoint {
      attempt.isCounted = true
      upstream.attemptBegan(endpoint)
    }
    armTry()
    if attempt.ticket != .none || !hold.parts.isDisjoint(with: [.breaker, .routeBreaker]) {
      watchSlow(upstream)
    }
  }

  /// A waiter's turn: it is out of the queue, and a slot for a new connection is held for it. It picks now
  /// and not when it began to wait, since who is well and free has changed. Should nothing come of it, it
  /// waits anew, behind the others, and no longer than it would have: its deadline stays.
  func askAgain() {
    guard let upstream, let downstream else { return }
    choose(upstream, downstream)
  }

  /// The queue is overloaded, or was too slow.
  func refused(_ failure: FailureKind) {
    // It is out of the queue, which who fails while it waits would leave once more.
    go(to: .choosing)
    fail(failure)
  }

  /// A connection to `endpoint` has come free: picks it for the waiter, who leaves the queue for it; false:
  /// it may not go there.
  func pickFreed(_ endpoint: WorkerEndpoint) -> Bool {
    guard !attempts.needsFresh, let upstream, let downstream, !downstream.head.logsIn,
      !asksForUpgrade || !endpoint.mayAgreeOnHTTP2
    else {
      return false
    }
    return upstream.pick(endpoint, for: pickRequest(upstream, downstream), into: attempt)
  }

  /// A waiter is given a connection that has been used before.
  func takePlace(on stream: UpstreamStream) {
    guard let upstream, let downstream else { return }
    takePlace(on: stream, upstream, downstream)
  }

  @inline(__always)
  func takePlace(
    on stream: UpstreamStream, _ upstream: WorkerUpstream,
    _ downstream: DownstreamStream
  ) {
    attempt.takes(stream, isReused: true)
    beginAttempt(upstream)
    shard.add(upstream.metrics.reused)
    sendRequest(on: stream, upstream, downstream)
  }

  /// Sends the request on a connection that is there.
  func sendRequest(
    on stream: UpstreamStream, _ upstream: WorkerUpstream, _ downstream: DownstreamStream
  ) {
    guard let endpoint, let route else { return }
    if hasLeft(downstream) {
      // As `refused`: whoever was given a place is out of the queue.
      if stage == .waiting { go(to: .choosing) }
      return fail(.downstreamClosed)
    }
    attempts.requestSent()
    shard.add(upstream.metrics.attempts)
    go(to: .responding)
    requestProgress.attemptBegins()
    let put = stream.putHead(of: self, downstream, route, to: endpoint)
    attempt.sends(on: stream, now)
    switch put {
    case .whole: break
    case .noRoom: return fail(.bufferBudgetExceeded)
    case .tooLarge: return fail(.requestHeadTooLarge)
    }
    armHedge(upstream, downstream)
    armDeadline(downstream)
    pump(stream, downstream)
  }

  /// Gives the connection back, to its pool if it may carry another request. `isWhole`: the answer is
  /// there to its last byte.
  func release(
    _ stream: UpstreamStream, isWhole: Bool, _ upstream: WorkerUpstream,
    _ downstream: DownstreamStream
  ) {
    guard let endpoint else { return }
    let isWhole =
      isWhole && requestProgress.isDone && !requestProgress.isRefused
      && !answerProgress.isUpgraded && stream.isOutputEmpty
    endAttempt(upstream)
    guard isWhole else { return attempt.close(.abandoned, reset: true) }
    if let reason = stream.reuse(afterUpgradeAsked: downstream.head.wantsUpgrade) {
      return attempt.close(reason)
    }
    if isLogin(on: stream, downstream) { return keepForClient(stream, endpoint, downstream) }
    if let seconds = stream.head.keepAliveSeconds { endpoint.learn(keepAliveSeconds: seconds) }
    attempt.leaves()
    stream.checkIn(to: upstream, endpoint)
  }

  /// The endpoint no longer has the request.
  func endAttempt(_ upstream: WorkerUpstream) {
    guard attempt.isCounted, let endpoint else { return }
    attempt.isCounted = false
    upstream.attemptEnded(endpoint, attempt.nanoseconds, isFailure: attempt.isFailure)
  }
}
