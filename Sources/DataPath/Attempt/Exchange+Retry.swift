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
      bytesWritten: attempt.stream?.bytesWritten ?? 0, downstream)
    let isStale =
      status == 0 && isStale(failure, bytesWritten: evidence.bytesWritten, downstream)
    status = 0
    recordAttempt(failure, upstream)
    keep(.failed(failure))
    dropConnection(failure, upstream)
    if isHedged { return promoteHedge(upstream, downstream) }
    if isStale {
      history.retryOnFreshConnection()
      trail.retry(.staleConnection, after: 0)
      rewindRequest(downstream)
      return choose(upstream, downstream)
    }
    // What was refused here is not an attempt that could be made again.
    guard failure.row.side == .upstream || failure.row.retry != .never,
      tryAgain(evidence, .failure(failure), upstream, downstream)
    else { return giveUp(failure, detail) }
  }

  /// A kept connection had been closed as we wrote: once, and on a fresh one, without a policy.
  /// One that is slow is not: its retry is the policy's, with its attempts and its budget.
  private func isStale(
    _ failure: FailureKind, bytesWritten: UInt64, _ downstream: DownstreamStream
  ) -> Bool {
    guard failure == .upstreamClosed || failure == .upstreamReset,
      attempt.isReused, history.begun == 1, downstream.unrepeatableBytes == 0,
      attempt.stream?.isPrivate != true
    else { return false }
    return RetrySafety.maySendAgain(
      RetrySafety.Evidence(
        failure: failure, isIdempotent: downstream.head.method.isIdempotent,
        bytesWritten: bytesWritten,
        responseHasBegun: answerProgress.hasBegun))
  }

  /// An answer that the route may want to ask for again; true: it does, and this one is dropped.
  func retryAnswer(
    _ stream: UpstreamStream, _ upstream: WorkerUpstream, _ downstream: DownstreamStream
  ) -> Bool {
    let head = stream.head
    guard let retry = route?.policy?.retry,
      retry.conditions.matchesAnswer(status: head.status, grpcStatus: nil)
    else { return false }
    let status = head.status
    var evidence = evidence(
      .answer(status: status, grpcStatus: nil), bytesWritten: stream.bytesWritten, downstream)
    let block = stream.headBlock
    let bytes = block.readable
    evidence.retryAfterNanoseconds = ResponseHints.retryAfterNanoseconds(
      head, bytes, unixNanoseconds: loop.kernel.unixNanoseconds())
    evidence.isRetriedBelow = ResponseHints.isRetriedBelow(head)
    return tryAgain(evidence, .status, upstream, downstream, dropping: stream)
  }

  /// True: another attempt follows, now or after a back-off. `answered`: the one that an
  /// answer came on which is not to be passed on.
  private func tryAgain(
    _ evidence: RetryEvidence, _ reason: RetryReason, _ upstream: WorkerUpstream,
    _ downstream: DownstreamStream, dropping answered: UpstreamStream? = nil
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
      if let answered { dropAnswer(on: answered, upstream, downstream) }
      hold.parts.insert(.retry)
      history.retry(because: reason, lookingPast: attempt.endpoint?.key)
      trail.retry(reason, after: nanoseconds)
      rewindRequest(downstream)
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

  private func evidence(
    _ ending: RetryEvidence.Ending, bytesWritten: UInt64, _ downstream: DownstreamStream
  ) -> RetryEvidence {
    RetryEvidence(
      ending: ending, isIdempotent: downstream.head.method.isIdempotent,
      hasIdempotencyKey: downstream.head.present.contains(.idempotencyKey),
      bytesWritten: bytesWritten,
      isBodyReplayable: downstream.unrepeatableBytes == 0,
      responseHasBegun: answerProgress.hasBegun,
      attemptAbove: history.above, isBoundByLogin: isBoundByLogin(bytesWritten: bytesWritten))
  }

  /// Closes what is left of an attempt.
  private func dropConnection(_ failure: FailureKind, _ upstream: WorkerUpstream) {
    clocks.attemptEnded()
    endAttempt(upstream)
    attempt.close(.error, reset: failure == .perTryTimeout)
  }

  /// Drops an answer whose head was read: with a body that is there already the connection goes back
  /// to its pool.
  private func dropAnswer(
    on stream: UpstreamStream, _ upstream: WorkerUpstream, _ downstream: DownstreamStream
  ) {
    recordAttempt(status: stream.head.status, upstream)
    keep(.answered(status: stream.head.status))
    clocks.attemptEnded()
    release(stream, isWhole: stream.skipAnswer(), upstream, downstream)
  }
}
