import HTTP1
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
/// depends on who it is sent to. Fails as `pending_overflow`, `pending_timeout`, `no_endpoint`,
/// `name_unresolved`, `connect_*`, `upstream_reset`, `upstream_closed`.
extension Exchange {
  /// Asks for a connection and goes on with what comes of it.
  func choose(_ upstream: WorkerUpstream, _ downstream: DownstreamConnection) {
    stage = .choosing
    let request = pickRequest(upstream, downstream)
    if downstream.hasPrivates, choosePrivate(request, upstream, downstream) { return }
    // A login begins on a connection that nobody has used: none of its legs may go to a stale one.
    switch upstream.checkOut(for: self, request, isFresh: history.needsFresh || head.logsIn) {
    case .reused(let connection): takeConnection(connection, upstream, downstream)
    case .connecting(let connection):
      self.connection = connection
      beginAttempt(upstream)
      stage = .connecting
      armDeadline(downstream)
    case .waiting(let ticket):
      self.ticket = ticket
      stage = .waiting
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

  func pickRequest(
    _ upstream: WorkerUpstream, _ downstream: DownstreamConnection
  ) -> PickRequest {
    var request = PickRequest(tried: history.tried)
    if let subset = route?.subset {
      request.subset = subset.number(at: seriesIndex, in: upstream.plan)
    }
    if let key = upstream.plan.hashKey {
      request.hash = key.with(self, downstream) { KeyHash.of($0) }
    }
    return request
  }

  private func beginAttempt(_ upstream: WorkerUpstream) {
    history.attemptBegins()
    if history.begun > 1, !history.needsFresh { attempt.kind = .retry }
    if clocks.pendingDeadline != .distantFuture {
      trail.waitEnded(now)
    }
    clocks.attemptBegins(now)
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

  /// A waiter's turn: a connection may be opened now. If it was not to be, it waits on, and not
  /// longer than it would have.
  func askAgain() {
    guard let upstream, let downstream else { return }
    choose(upstream, downstream)
  }

  /// The queue is overloaded, or was too slow.
  func refused(_ failure: FailureKind) {
    // It is no longer in the queue.
    stage = .choosing
    fail(failure)
  }

  /// A connection to `endpoint` has come free: true if the waiter may take it.
  func tryAttempt(at endpoint: WorkerEndpoint) -> Bool {
    guard !history.needsFresh, !head.logsIn, let upstream, let downstream else { return false }
    return upstream.pick(endpoint, for: pickRequest(upstream, downstream), into: &attempt)
  }

  /// A waiter is given a connection that has been used before.
  func takeConnection(_ connection: UpstreamConnection) {
    guard let upstream, let downstream else { return }
    takeConnection(connection, upstream, downstream)
  }

  @inline(__always)
  func takeConnection(
    _ connection: UpstreamConnection, _ upstream: WorkerUpstream,
    _ downstream: DownstreamConnection
  ) {
    self.connection = connection
    attempt.isReused = true
    beginAttempt(upstream)
    connection.borrower = self
    shard.add(upstream.metrics.reused)
    sendRequest(on: connection, downstream)
  }

  /// The connection that was waited for is there.
  func sendRequest(on connection: UpstreamConnection, _ downstream: DownstreamConnection) {
    guard let endpoint, let upstream else { return }
    sendRequest(on: connection, endpoint, upstream, downstream)
  }

  /// Sends the request on a connected connection.
  private func sendRequest(
    on connection: UpstreamConnection, _ endpoint: WorkerEndpoint, _ upstream: WorkerUpstream,
    _ downstream: DownstreamConnection
  ) {
    guard let route else { return }
    if hasLeft(downstream) {
      // It no longer waits, if it did.
      stage = .connecting
      return fail(.downstreamClosed)
    }
    history.requestSent()
    shard.add(upstream.metrics.attempts)
    connection.beginAttempt()
    attempt.sends(on: connection, now)
    stage = .responding
    requestProgress.attemptBegins()
    guard lendOutput(of: connection, for: downstream) else { return fail(.bufferBudgetExceeded) }
    guard RequestWriter.write(self, route, downstream, endpoint, to: connection.output) else {
      return fail(.requestHeadTooLarge)
    }
    armHedge(upstream)
    armDeadline(downstream)
    pump(connection, downstream)
  }

  /// A block for the request, which is a little longer than what the client sent; false: there is
  /// none.
  @inline(__always)
  func lendOutput(of connection: UpstreamConnection, for downstream: DownstreamConnection) -> Bool {
    let isLarge = downstream.input.count > BufferPool.smallBytes * 3 / 4
    return pool.lend(
      to: connection.output, atLeast: isLarge ? BufferPool.largeBytes : BufferPool.smallBytes)
  }

  /// Gives the connection back, to its pool if it may carry another request.
  func release(_ connection: UpstreamConnection) {
    guard let endpoint, let upstream else { return }
    self.connection = nil
    let isWhole =
      answerProgress.isDone && requestProgress.isDone && !requestProgress.isRefused
      && !answerProgress.isUpgraded
    endAttempt(upstream)
    guard isWhole, connection.output.isEmpty else {
      return endpoint.close(connection, .abandoned, reset: true)
    }
    // What was asked to change its protocol is not trusted to speak the old one.
    guard responseHead.isPersistent, !head.wantsUpgrade else {
      return endpoint.close(connection, .notPersistent)
    }
    // Bytes behind the answer belong to no request of ours.
    guard connection.input.isEmpty, drained(connection) else {
      return endpoint.close(connection, .unsolicited)
    }
    connection.giveBuffers(to: pool)
    if isLogin(on: connection) { return keepForClient(connection, endpoint) }
    if let seconds = responseHead.keepAliveSeconds { endpoint.learn(keepAliveSeconds: seconds) }
    upstream.checkIn(connection, endpoint)
  }

  /// The endpoint no longer has the request.
  func endAttempt(_ upstream: WorkerUpstream) {
    guard attempt.isCounted, let endpoint else { return }
    attempt.isCounted = false
    upstream.attemptEnded(endpoint, attempt.nanoseconds, isFailure: attempt.isFailure)
  }

  /// Nothing waits in the socket. Known without a call after a short receive; a body that was
  /// received to its exact end needs one.
  private func drained(_ connection: UpstreamConnection) -> Bool {
    guard connection.mayReceive else { return true }
    return pool.lend(to: connection.input)
      && connection.receive(into: connection.input) == .wouldBlock
  }
}
