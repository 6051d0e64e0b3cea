import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Upstreams

/// Admission, the choice of a connection, and the one retry on a fresh connection.
///
/// Admission stands above the balancer, once a request; what follows stands below it, once an
/// attempt. Fails as `requests_exceeded`, `pending_overflow`, `pending_timeout`, `no_endpoint`,
/// `name_unresolved`, `connect_*`, `upstream_reset`, `upstream_closed`.
extension Exchange {
  func admit(to upstream: WorkerUpstream, _ downstream: DownstreamConnection) {
    guard upstream.limits.acquire(.requests) else { return fail(.requestsExceeded) }
    self.upstream = upstream
    armTimeout()
    choose(upstream, downstream)
  }

  /// Asks for a connection and goes on with what comes of it.
  private func choose(_ upstream: WorkerUpstream, _ downstream: DownstreamConnection) {
    stage = .choosing
    switch upstream.checkOut(for: self, isFresh: needsFresh) {
    case .reused(let connection, let endpoint):
      take(connection, endpoint, upstream, downstream)
    case .connecting(let connection, let endpoint):
      self.connection = connection
      self.endpoint = endpoint
      isReused = false
      pendingDeadline = .distantFuture
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
      self.endpoint = endpoint ?? self.endpoint
      fail(failure)
    }
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
    pendingDeadline = .distantFuture
    self.connection = connection
    self.endpoint = endpoint
    isReused = true
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
    connection.beginAttempt()
    stage = .responding
    requestRefused = false
    let isLarge = downstream.input.count > BufferPool.smallBytes * 3 / 4
    guard
      pool.lend(
        to: connection.output, atLeast: isLarge ? BufferPool.largeBytes : BufferPool.smallBytes)
    else { return fail(.bufferBudgetExceeded) }
    guard RequestWriter.write(self, route, downstream, to: connection.output) else {
      return fail(.requestHeadTooLarge)
    }
    armDeadline(downstream)
    pump(connection, downstream)
  }

  /// The attempt is over without an answer. Tries once more on a fresh connection where that
  /// cannot act twice (design rule 6): a kept connection may have been closed as we wrote.
  func attemptFailed(_ failure: FailureKind) {
    guard let connection, let endpoint, let upstream, let downstream else { return fail(failure) }
    let evidence = RetrySafety.Evidence(
      failure: failure, isIdempotent: head.method.isIdempotent,
      bytesWritten: connection.attemptBytesSent,
      responseHasBegun: responseBegun)
    let maySendAgain =
      isReused && attempts == 1 && unrepeatableBytes == 0 && RetrySafety.maySendAgain(evidence)
    let wasConnecting = stage == .connecting
    self.connection = nil
    if !wasConnecting { upstream.attemptEnded(endpoint) }
    if connection.isOpen {
      endpoint.close(connection, .error)
    } else {
      endpoint.forget(connection, .connectFailed)
    }
    guard maySendAgain else { return fail(failure) }
    shard.add(upstream.metrics.retries)
    rewindRequest()
    needsFresh = true
    choose(upstream, downstream)
  }

  /// Gives the connection back, to its pool if it may carry another request.
  func release(_ connection: UpstreamConnection) {
    guard let endpoint, let upstream else { return }
    self.connection = nil
    let isWhole = responseDone && requestDone && !requestRefused && !isUpgraded
    upstream.attemptEnded(endpoint)
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

  /// Nothing waits in the socket. Known without a call after a short receive; a body that was
  /// received to its exact end needs one.
  private func drained(_ connection: UpstreamConnection) -> Bool {
    guard connection.mayReceive else { return true }
    return pool.lend(to: connection.input)
      && connection.receive(into: connection.input) == .wouldBlock
  }
}
