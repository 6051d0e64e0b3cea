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
  func admit(to upstream: WorkerUpstream) {
    guard upstream.plan.limits.acquire(.requests) else { return fail(.requestsExceeded) }
    self.upstream = upstream
    armTimeout()
    choose(isFresh: false)
  }

  /// Asks for a connection and goes on with what comes of it.
  func choose(isFresh: Bool) {
    guard let upstream else { return }
    stage = .choosing
    switch upstream.checkOut(for: self, isFresh: isFresh) {
    case .reused(let connection, let endpoint):
      take(connection, endpoint)
    case .connecting(let connection, let endpoint):
      self.connection = connection
      self.endpoint = endpoint
      isReused = false
      pendingDeadline = .distantFuture
      stage = .connecting
      armDeadline()
    case .waiting(let ticket):
      self.ticket = ticket
      stage = .waiting
      if pendingDeadline == .distantFuture {
        pendingDeadline = now.advanced(byNanoseconds: upstream.plan.pendingNanoseconds)
      }
      armDeadline()
    case .refused(let failure): fail(failure)
    }
  }

  /// A waiter's turn: a connection may be opened now. If it was not to be, it waits on, and not
  /// longer than it would have.
  func askAgain() { choose(isFresh: false) }

  /// A connection that has been used before is given to this exchange.
  func take(_ connection: UpstreamConnection, _ endpoint: WorkerEndpoint) {
    pendingDeadline = .distantFuture
    self.connection = connection
    self.endpoint = endpoint
    isReused = true
    connection.receiver = self
    upstream?.count(upstream?.metrics.reused ?? 0)
    begin(on: connection)
  }

  /// Sends the request on a connected connection.
  func begin(on connection: UpstreamConnection) {
    guard let upstream, let endpoint, let input = downstream?.input else { return }
    attempts += 1
    upstream.attemptBegan(endpoint)
    connection.beginAttempt()
    stage = .responding
    requestRefused = false
    let isLarge = input.count > BufferPool.smallBytes * 3 / 4
    guard
      let out = worker.pool.take(
        atLeast: isLarge ? BufferPool.largeBytes : BufferPool.smallBytes)
    else { return fail(.bufferBudgetExceeded) }
    connection.output = out
    guard RequestWriter.write(self, input, to: out) else { return fail(.requestHeadTooLarge) }
    armDeadline()
    pump()
  }

  /// The attempt is over without an answer. Tries once more on a fresh connection where that
  /// cannot act twice (design rule 6): a kept connection may have been closed as we wrote.
  func attemptFailed(_ failure: FailureKind) {
    guard let connection, let endpoint else { return fail(failure) }
    let evidence = RetrySafety.Evidence(
      failure: failure, isIdempotent: head.method.isIdempotent,
      bytesWritten: connection.attemptBytesSent,
      bytesAcknowledged: connection.attemptBytesAcknowledged, responseHasBegun: responseBegun)
    let maySendAgain =
      isReused && attempts == 1 && unrepeatableBytes == 0 && RetrySafety.maySendAgain(evidence)
    let wasConnecting = stage == .connecting
    self.connection = nil
    if !wasConnecting { upstream?.attemptEnded(endpoint) }
    if connection.isOpen {
      endpoint.close(connection, .error)
    } else {
      endpoint.forget(connection, .connectFailed)
    }
    guard maySendAgain else { return fail(failure) }
    upstream?.count(upstream?.metrics.retries ?? 0)
    bodyOffset = head.headBytes
    requestBody = BodyDecoder(
      framing: head.framing, limits: listener?.settings.bodyLimits ?? BodyLimits())
    requestBodyBytes = 0
    requestDone = false
    choose(isFresh: true)
  }

  /// Gives the connection back, to its pool if it may carry another request.
  func releaseConnection() {
    guard let connection, let endpoint, let upstream else { return }
    self.connection = nil
    let isWhole = responseDone && requestDone && !requestRefused && !isUpgraded
    upstream.attemptEnded(endpoint)
    guard isWhole, connection.output?.isEmpty ?? true else {
      return endpoint.close(connection, .abandoned, reset: true)
    }
    guard responseHead.isPersistent else { return endpoint.close(connection, .notPersistent) }
    // Bytes behind the answer belong to no request of ours.
    guard connection.input?.isEmpty ?? true, drained(connection) else {
      return endpoint.close(connection, .unsolicited)
    }
    connection.giveBuffers(to: worker.pool)
    if let seconds = responseHead.keepAliveSeconds { endpoint.learn(keepAliveSeconds: seconds) }
    upstream.checkIn(connection, endpoint)
  }

  /// Nothing waits in the socket. Known without a call after a short receive; a body that was
  /// received to its exact end needs one.
  private func drained(_ connection: UpstreamConnection) -> Bool {
    guard connection.mayReceive else { return true }
    guard let scratch = connection.input ?? worker.pool.take() else { return false }
    connection.input = scratch
    return connection.receive(into: scratch) == .wouldBlock
  }
}
