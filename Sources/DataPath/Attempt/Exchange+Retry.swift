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
/// admitted anew: it has its own budget. Only what cannot act twice is sent again (rule 6 of ARCHITECTURE.md).
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
    // Asked now: its stream, and the status of an answer that broke off, are forgotten below.
    let evidence = retryEvidence(
      failure == .perTryTimeout ? .perTryTimeout : .failure(failure),
      bytesWritten: attempt.stream?.bytesWritten ?? 0, downstream)
    // A connection that began to answer was not stale, and a private one cannot be replaced: the new one
    // would not be logged in.
    let isOnUsedConnection =
      status == 0 && attempt.isReused && attempt.stream?.isPrivate != true
      && attempt.stream?.endedWithConnection != false
    result.attemptFailed()
    recordAttempt(failure, upstream)
    noteAttempt(.failed(failure))
    dropConnection(failure, upstream)
    // Asked only now: others may have gone on with the slot of a connection that closed.
    var circumstances = retryCircumstances(upstream)
    circumstances.isOnUsedConnection = isOnUsedConnection
    switch attempts.failed(failure, evidence, circumstances, &worker.random) {
    case .promote: promoteHedge(upstream, downstream)
    case .fresh:
      trail.retry(.staleConnection, after: 0)
      rewindRequest(downstream)
      choose(upstream, downstream)
    case .again(let nanoseconds):
      tryAgain(.failure(failure), after: nanoseconds, upstream, downstream)
    case .end(let refusal):
      if let refusal { upstream.count(refusal) }
      giveUp(failure, detail)
    }
  }

  /// The head of a final answer is there. True: it goes to the client; false: it is kept while a hedge is
  /// out, or dropped, since the request is made again.
  func passesOn(
    _ stream: UpstreamStream, _ upstream: WorkerUpstream, _ downstream: DownstreamStream
  ) -> Bool {
    let status = stream.head.status
    guard attempts.mindsAnswer(status, route?.policy?.retry) else { return true }
    let outcome = upstream.plan.state.endpointClassifier.outcome(status: status)
    switch attempts.answered(
      status, outcome, answerEvidence(stream, downstream), retryCircumstances(upstream),
      &worker.random)
    {
    case .pass(let refusal):
      if let refusal { upstream.count(refusal) }
      return true
    case .keep:
      keepAnswer(status, upstream)
      return false
    case .again(let nanoseconds):
      dropAnswer(on: stream, upstream, downstream)
      tryAgain(.status, after: nanoseconds, upstream, downstream)
      return false
    }
  }

  /// Another attempt follows, now or after a back-off.
  private func tryAgain(
    _ reason: RetryReason, after nanoseconds: Int64, _ upstream: WorkerUpstream,
    _ downstream: DownstreamStream
  ) {
    attempts.retryBegins(because: reason, lookingPast: endpoint?.key)
    trail.retry(reason, after: nanoseconds)
    rewindRequest(downstream)
    guard nanoseconds > 0 else { return choose(upstream, downstream) }
    go(to: .backingOff)
    clocks.resume(at: now.advanced(byNanoseconds: nanoseconds))
    armDeadline(downstream)
  }

  private func retryCircumstances(_ upstream: WorkerUpstream) -> AttemptLoop.Circumstances {
    AttemptLoop.Circumstances(
      policy: hold.state == nil ? nil : route?.policy?.retry, budget: hold.state?.budget,
      remainingNanoseconds: min(clocks.headDeadline, clocks.totalDeadline).nanoseconds(since: now),
      isBreakerOpen: hold.state?.breaker.map { $0.state == .open || $0.state == .forcedOpen }
        ?? false)
  }

  private func answerEvidence(
    _ stream: UpstreamStream, _ downstream: DownstreamStream
  ) -> RetryEvidence {
    let head = stream.head
    var evidence = retryEvidence(
      .answer(status: head.status, grpcStatus: nil), bytesWritten: stream.bytesWritten, downstream)
    let block = stream.headBlock
    let bytes = block.readable
    evidence.retryAfterNanoseconds = ResponseHints.retryAfterNanoseconds(
      head, bytes, unixNanoseconds: loop.kernel.unixNanoseconds())
    evidence.isRetriedBelow = ResponseHints.isRetriedBelow(head)
    return evidence
  }

  private func retryEvidence(
    _ ending: RetryEvidence.Ending, bytesWritten: UInt64, _ downstream: DownstreamStream
  ) -> RetryEvidence {
    RetryEvidence(
      ending: ending, isIdempotent: downstream.head.method.isIdempotent,
      hasIdempotencyKey: downstream.head.present.contains(.idempotencyKey),
      bytesWritten: bytesWritten,
      isBodyReplayable: downstream.unrepeatableBytes == 0,
      responseHasBegun: answerProgress.hasBegun,
      attemptAbove: attempts.above, isBoundByLogin: isBoundByLogin(bytesWritten: bytesWritten))
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
    noteAttempt(.answered(status: stream.head.status))
    clocks.attemptEnded()
    release(stream, isWhole: stream.skipAnswer(), upstream, downstream)
  }
}
