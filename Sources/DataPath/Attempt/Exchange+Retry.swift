import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Upstreams

/// What follows an attempt that ended badly: a hedge takes over, or it is made again, or the
/// exchange ends.
///
/// Above the balancer, so that another endpoint is picked; below admission, so that a retry is not
/// admitted anew: it has its own budget. Only what cannot act twice is sent again (design rule 6).
extension Exchange {
  /// The answer broke off. While the client has none of it the attempt has failed like one without
  /// an answer, and another may be made; else the client's connection is cut.
  func answerFailed(_ failure: FailureKind, _ detail: StaticString = "") {
    guard let downstream, takeBackAnswer(downstream) else { return fail(failure, detail) }
    answerProgress.forgetHead()
    attemptFailed(failure, detail)
  }

  /// The attempt is over without an answer.
  func attemptFailed(_ failure: FailureKind, _ detail: StaticString = "") {
    guard let upstream, let downstream else { return fail(failure, detail) }
    let evidence = evidence(
      failure == .perTryTimeout ? .perTryTimeout : .failure(failure),
      bytesWritten: connection?.attemptBytesSent ?? 0)
    let isStale = status == 0 && isStale(failure, bytesWritten: evidence.bytesWritten)
    status = 0
    recordAttempt(failure, upstream)
    keep(.failed(failure))
    dropConnection(failure, upstream)
    if isHedged { return promoteHedge(upstream, downstream) }
    if isStale {
      history.retryOnFreshConnection()
      trail.retry(.staleConnection, after: 0)
      rewindRequest()
      return choose(upstream, downstream)
    }
    // What was refused here is not an attempt that could be made again.
    guard failure.row.side == .upstream || failure.row.retry != .never,
      tryAgain(evidence, .failure(failure), upstream, downstream)
    else { return giveUp(failure, detail) }
  }

  /// A kept connection had been closed as we wrote: once, and on a fresh one, without a policy.
  /// One that is slow is not: its retry is the policy's, with its attempts and its budget.
  private func isStale(_ failure: FailureKind, bytesWritten: UInt64) -> Bool {
    guard failure == .upstreamClosed || failure == .upstreamReset,
      attempt.isReused, history.begun == 1, requestProgress.unrepeatableBytes == 0,
      connection?.isPrivate != true
    else { return false }
    return RetrySafety.maySendAgain(
      RetrySafety.Evidence(
        failure: failure, isIdempotent: head.method.isIdempotent, bytesWritten: bytesWritten,
        responseHasBegun: answerProgress.hasBegun))
  }

  /// An answer that the route may want to ask for again; true: it does, and this one is dropped.
  func retryAnswer(
    _ connection: UpstreamConnection, _ upstream: WorkerUpstream,
    _ downstream: DownstreamConnection
  ) -> Bool {
    guard let retry = route?.policy?.retry,
      retry.conditions.matchesAnswer(status: responseHead.status, grpcStatus: nil)
    else { return false }
    let status = responseHead.status
    var evidence = evidence(
      .answer(status: status, grpcStatus: nil), bytesWritten: connection.attemptBytesSent)
    let input = connection.input
    let bytes = input.readable
    evidence.retryAfterNanoseconds = ResponseHints.retryAfterNanoseconds(
      responseHead, bytes, unixNanoseconds: loop.kernel.unixNanoseconds())
    evidence.isRetriedBelow = ResponseHints.isRetriedBelow(responseHead)
    return tryAgain(evidence, .status, upstream, downstream, dropping: connection)
  }

  /// True: another attempt follows, now or after a back-off. `answered`: the connection that an
  /// answer came on which is not to be passed on.
  private func tryAgain(
    _ evidence: RetryEvidence, _ reason: RetryReason, _ upstream: WorkerUpstream,
    _ downstream: DownstreamConnection, dropping answered: UpstreamConnection? = nil
  ) -> Bool {
    guard let policy = route?.policy?.retry, let state = hold.state else { return false }
    // One that was a retry itself is over: its place is free for the next.
    if hold.parts.remove(.retry) != nil { state.budget.retryEnded() }
    let deadline = min(clocks.headDeadline, clocks.totalDeadline)
    let decision = RetryDecision.decide(
      evidence, policy: policy,
      attemptsMade: history.needsFresh ? history.begun - 1 : history.begun,
      remainingNanoseconds: deadline.nanoseconds(since: now),
      isBreakerOpen: state.breaker.map { $0.state == .open || $0.state == .forcedOpen } ?? false,
      random: &worker.random,
      budget: state.budget.tryBeginRetry())
    switch decision {
    case .no(let refusal):
      history.refuse(refusal)
      upstream.count(refusal)
      return false
    case .again(let nanoseconds):
      if let answered { dropAnswer(on: answered, upstream) }
      hold.parts.insert(.retry)
      history.retry(because: reason, lookingPast: attempt.endpoint?.key)
      trail.retry(reason, after: nanoseconds)
      rewindRequest()
      guard nanoseconds > 0 else {
        choose(upstream, downstream)
        return true
      }
      stage = .backingOff
      clocks.resume(at: now.advanced(byNanoseconds: nanoseconds))
      armDeadline(downstream)
      return true
    }
  }

  private func evidence(_ ending: RetryEvidence.Ending, bytesWritten: UInt64) -> RetryEvidence {
    RetryEvidence(
      ending: ending, isIdempotent: head.method.isIdempotent,
      hasIdempotencyKey: head.present.contains(.idempotencyKey), bytesWritten: bytesWritten,
      isBodyReplayable: requestProgress.unrepeatableBytes == 0,
      responseHasBegun: answerProgress.hasBegun,
      attemptAbove: history.above, isBoundByLogin: isBoundByLogin(bytesWritten: bytesWritten))
  }

  /// Closes what is left of an attempt.
  private func dropConnection(_ failure: FailureKind, _ upstream: WorkerUpstream) {
    clocks.attemptEnded()
    endAttempt(upstream)
    guard let connection, let endpoint else { return }
    self.connection = nil
    if connection.isOpen {
      endpoint.close(connection, .error, reset: failure == .perTryTimeout)
    } else {
      endpoint.forget(connection, .connectFailed)
    }
  }

  /// Drops an answer whose head was decoded: with a body that is there already the connection goes
  /// back to its pool.
  private func dropAnswer(on connection: UpstreamConnection, _ upstream: WorkerUpstream) {
    guard let endpoint else { return }
    recordAttempt(status: responseHead.status, upstream)
    keep(.answered(status: responseHead.status))
    clocks.attemptEnded()
    let input = connection.input
    input.consume(responseHead.headBytes)
    var isWhole = false
    switch responseHead.framing {
    case .none: isWhole = true
    case .length(let length) where length <= UInt64(input.count):
      input.consume(Int(length))
      isWhole = true
    case .length, .chunked, .untilClose: break
    }
    if isWhole {
      answerProgress.ended()
      release(connection)
      answerProgress.anotherFollows()
    } else {
      self.connection = nil
      endAttempt(upstream)
      endpoint.close(connection, .abandoned, reset: true)
    }
  }
}
