import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
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
    switch upstream.checkOut(for: self, isFresh: needsFresh) {
    case .reused(let connection, let endpoint):
      take(connection, endpoint, upstream, downstream)
    case .connecting(let connection, let endpoint):
      self.connection = connection
      beginAttempt(endpoint, isReused: false)
      stage = .connecting
      armDeadline(downstream)
    case .waiting(let ticket):
      self.ticket = ticket
      stage = .waiting
      if pendingDeadline == .distantFuture {
        pendingDeadline = now.advanced(byNanoseconds: upstream.plan.pendingNanoseconds)
      }
      armDeadline(downstream)
    case .refused(let failure, let endpoint):
      if let endpoint { beginAttempt(endpoint, isReused: false) }
      attemptFailed(failure)
    }
  }

  private func beginAttempt(_ endpoint: WorkerEndpoint, isReused: Bool) {
    attempt.endpoint = endpoint
    attempt.isReused = isReused
    attempt.isRecorded = false
    attempt.startedAt = now
    pendingDeadline = .distantFuture
    armTry()
  }

  /// A waiter's turn: a connection may be opened now. If it was not to be, it waits on, and not
  /// longer than it would have.
  func askAgain() {
    guard let upstream, let downstream else { return }
    choose(upstream, downstream)
  }

  /// A waiter is given a connection that has been used before.
  func take(_ connection: UpstreamConnection, _ endpoint: WorkerEndpoint) {
    guard let upstream, let downstream else { return }
    take(connection, endpoint, upstream, downstream)
  }

  private func take(
    _ connection: UpstreamConnection, _ endpoint: WorkerEndpoint, _ upstream: WorkerUpstream,
    _ downstream: DownstreamConnection
  ) {
    self.connection = connection
    beginAttempt(endpoint, isReused: true)
    connection.borrower = self
    shard.add(upstream.metrics.reused)
    begin(on: connection, endpoint, upstream, downstream)
  }

  /// The connection that was waited for is there.
  func begin(on connection: UpstreamConnection, _ downstream: DownstreamConnection) {
    guard let endpoint, let upstream else { return }
    begin(on: connection, endpoint, upstream, downstream)
  }

  /// Sends the request on a connected connection.
  private func begin(
    on connection: UpstreamConnection, _ endpoint: WorkerEndpoint, _ upstream: WorkerUpstream,
    _ downstream: DownstreamConnection
  ) {
    guard let route else { return }
    if hasLeft(downstream) {
      // No attempt has begun that could end.
      stage = .connecting
      return fail(.downstreamClosed)
    }
    attempts += 1
    upstream.attemptBegan(endpoint)
    attempt.isCounted = true
    connection.beginAttempt()
    stage = .responding
    requestRefused = false
    let isLarge = downstream.input.count > BufferPool.smallBytes * 3 / 4
    guard
      pool.lend(
        to: connection.output, atLeast: isLarge ? BufferPool.largeBytes : BufferPool.smallBytes)
    else { return fail(.bufferBudgetExceeded) }
    guard RequestWriter.write(self, route, downstream, endpoint, to: connection.output) else {
      return fail(.requestHeadTooLarge)
    }
    armDeadline(downstream)
    pump(connection, downstream)
  }

  /// Gives the connection back, to its pool if it may carry another request.
  func release(_ connection: UpstreamConnection) {
    guard let endpoint, let upstream else { return }
    self.connection = nil
    let isWhole = responseDone && requestDone && !requestRefused && !isUpgraded
    endAttempt(upstream)
    guard isWhole, connection.output.isEmpty else {
      return endpoint.close(connection, .abandoned, reset: true)
    }
    // What was asked to change its protocol is not trusted to speak the old one (limits.md).
    guard responseHead.isPersistent, !head.wantsUpgrade else {
      return endpoint.close(connection, .notPersistent)
    }
    // Bytes behind the answer belong to no request of ours.
    guard connection.input.isEmpty, drained(connection) else {
      return endpoint.close(connection, .unsolicited)
    }
    connection.giveBuffers(to: pool)
    if let seconds = responseHead.keepAliveSeconds { endpoint.learn(keepAliveSeconds: seconds) }
    upstream.checkIn(connection, endpoint)
  }

  /// The endpoint no longer has the request.
  func endAttempt(_ upstream: WorkerUpstream) {
    guard attempt.isCounted, let endpoint else { return }
    attempt.isCounted = false
    upstream.attemptEnded(endpoint)
  }

  /// Nothing waits in the socket. Known without a call after a short receive; a body that was
  /// received to its exact end needs one.
  private func drained(_ connection: UpstreamConnection) -> Bool {
    guard connection.mayReceive else { return true }
    return pool.lend(to: connection.input)
      && connection.receive(into: connection.input) == .wouldBlock
  }
}
