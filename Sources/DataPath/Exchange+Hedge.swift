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
    guard let policy = route?.policy?.hedge, tries == 1, !head.hasBody, !head.wantsUpgrade,
      let delay = policy.delay(upstream.digest, isIdempotent: head.method.isIdempotent)
    else { return }
    hedgeAt = now.advanced(byNanoseconds: delay)
  }

  func beginHedge(_ downstream: DownstreamConnection) {
    hedgeAt = .distantFuture
    guard stage == .connecting || stage == .responding, !responseBegun, !isHedged, let upstream,
      let budget = route?.policy?.hedgeBudget
    else { return }
    guard budget.tryBeginRetry() else { return upstream.count(.refused) }
    var request = pickRequest(upstream, downstream)
    if let key = endpoint?.key { request.tried.insert(key) }
    let borrower = hedge
    switch upstream.checkOutAtOnce(for: borrower, request) {
    case .reused(let connection, let pick):
      hold.parts.insert(.hedge)
      isHedged = true
      borrower.begin(for: self, on: connection, counted(pick, upstream), isConnected: true)
    case .connecting(let connection, let pick):
      hold.parts.insert(.hedge)
      isHedged = true
      borrower.begin(for: self, on: connection, counted(pick, upstream), isConnected: false)
    case .waiting, .refused:
      budget.retryEnded()
      upstream.count(.refused)
    }
  }

  private func counted(_ attempt: Attempt, _ upstream: WorkerUpstream) -> Attempt {
    var attempt = attempt
    attempt.isCounted = true
    if let endpoint = attempt.endpoint { upstream.attemptBegan(endpoint) }
    return attempt
  }

  /// Writes the request for the hedge; false: there is no room.
  func writeHedge(on connection: UpstreamConnection, _ attempt: Attempt) -> Bool {
    guard let route, let downstream, let upstream, let endpoint = attempt.endpoint,
      pool.lend(to: connection.output)
    else { return false }
    attempts += 1
    shard.add(upstream.metrics.attempts)
    connection.beginAttempt()
    return RequestWriter.write(self, route, downstream, endpoint, to: connection.output)
  }

  /// The hedge has been answered first: the first attempt is cut.
  func adoptHedge() {
    guard let upstream, let downstream else { return }
    if let connection, let endpoint {
      self.connection = nil
      recordAbandoned(upstream)
      endAttempt(upstream)
      endpoint.close(connection, .abandoned, reset: true)
    }
    upstream.count(.won)
    take(over: hedge, downstream)
  }

  /// The first attempt has failed: the hedge is what is left.
  func promoteHedge(_ upstream: WorkerUpstream, _ downstream: DownstreamConnection) {
    upstream.count(.won)
    take(over: hedge, downstream)
  }

  private func take(over hedge: HedgeAttempt, _ downstream: DownstreamConnection) {
    guard let connection = hedge.connection else { return }
    let isSent = hedge.isSent
    attempt = hedge.attempt
    hedge.clear()
    endHedge()
    self.connection = connection
    connection.borrower = self
    tries += 1
    requestDone = true
    requestRefused = false
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
    _ = upstream.record(hedge.attempt, failure, now)
    upstream.attemptEnded(endpoint, nil, isFailure: true)
    hedge.clear()
    endHedge()
    if connection.isOpen {
      endpoint.close(connection, .error)
    } else {
      endpoint.forget(connection, .connectFailed)
    }
    upstream.count(.lost)
  }

  /// The exchange has its answer, or is over.
  func dropHedge(_ upstream: WorkerUpstream) {
    guard isHedged, let connection = hedge.connection, let endpoint = hedge.attempt.endpoint else {
      return
    }
    upstream.recordAbandoned(hedge.attempt, now)
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
