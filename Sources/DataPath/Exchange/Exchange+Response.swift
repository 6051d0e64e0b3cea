import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Transport

/// The answer, from the endpoint to the client.
///
/// Read only when the client's output is empty. Fails as `malformed_response`,
/// `response_head_too_large`, `response_trailers_too_large`, `response_incomplete`,
/// `upstream_reset`, `upstream_closed`, `upgrade_failed`; once the answer has begun a failure cuts
/// the client's connection, so that it cannot take a part for the whole.
extension Exchange {
  func pumpResponse(_ stream: UpstreamStream, _ downstream: DownstreamStream) {
    for _ in 0..<Self.roundsPerTurnMax {
      if !answerProgress.hasBegun {
        guard readAnswerHead(stream, downstream) else { return }
        if stage == .tunnelling { return pumpTunnel(stream, downstream) }
      }
      if let rate = notes.fault.bytesPerSecond, !keepPace(rate, downstream) { return }
      var moved = MessageStream.Moved.all
      if !answerProgress.isDone {
        moved = stream.move(into: downstream, upTo: answerProgress.paceBytes) {
          route?.responseEdits ?? .none
        }
        if moved == .failed { return answerFailed(stream.fault.kind, stream.fault.detail) }
        answerProgress.sent(stream.movedBytes)
        if moved == .ended {
          answerEnded(stream, downstream)
        } else if !attempt.told.contains(.head) {
          judgeHead()
        }
      }
      guard flushResponse(downstream) else { return }
      if answerProgress.isDone { return finish(downstream) }
      // What is left goes before what is still to be received, its end included; or the pace allows
      // no more for now.
      if moved == .full || answerProgress.paceBytes == 0 { continue }
      guard receiveAnswer(stream, downstream) else { return }
    }
    loop.resumeLater(self)
  }

  // MARK: Head

  /// True: a final head has been read and written to the client's output.
  private func readAnswerHead(_ stream: UpstreamStream, _ downstream: DownstreamStream) -> Bool {
    while true {
      // An attempt that was given up is another's now.
      guard attempt.stream === stream else { return false }
      // An interim answer that the client has not taken stops the endpoint.
      if !downstream.isOutputEmpty, !flushResponse(downstream) { return false }
      if answerProgress.holdsUpgrade { return goOnUpgrading(stream, downstream) }
      switch stream.readHead(
        answering: downstream.head.method, received: { clocks.moved(now) })
      {
      case .whole:
        guard takeHead(stream, downstream) else { return false }
        if answerProgress.hasBegun { return true }
      case .incomplete: return false
      case .noRoom:
        fail(.bufferBudgetExceeded)
        return false
      case .failed(let failure, let detail):
        attemptFailed(failure, detail)
        return false
      }
    }
  }

  /// A head has been read; false: the exchange failed, or the answer is not wanted.
  private func takeHead(_ stream: UpstreamStream, _ downstream: DownstreamStream) -> Bool {
    let head = stream.head
    guard downstream.makeOutput(for: stream) else {
      fail(.bufferBudgetExceeded)
      return false
    }
    if head.status == 101 { return takeUpgrade(stream, downstream) }
    if head.status < 200 { return takeInterim(stream, downstream) }
    guard let route else { return false }
    if route.policy != nil, let upstream {
      if !passesOn(stream, upstream, downstream) { return false }
    }
    answerProgress.headArrived(now)
    attempt.answered(head)
    result.answers(head.status)
    // The rest of a request that was answered early would be taken for the next one.
    if !requestProgress.isDone || downstream.connection.isDraining || endsWithPrivate {
      downstream.keepsOpen(false)
    }
    guard downstream.putHead(of: stream, route.responseEdits) else {
      fail(.responseHeadTooLarge)
      return false
    }
    answerProgress.begin()
    if grpc.isCall {
      let block = stream.headBlock
      noteGRPCHead(head, block.readable)
    }
    if let settings, settings.loggedFields.hasResponse {
      let block = stream.headBlock
      notes.answerFields = settings.loggedFields.values(of: head, block.readable)
    }
    stream.passHead()
    return true
  }

  /// Interim heads of one answer may fill that many final ones; more is a flood. RFC 9110 §15.2
  /// allows any number, so it is not they that are counted: one of 30 bytes a second goes on for
  /// nine hours with the defaults. Until when the final head must be there, the route says.
  private static let interimHeadsMax = 16

  /// 1xx: relayed (RFC 9110 §15.2) as far as there is room.
  private func takeInterim(_ stream: UpstreamStream, _ downstream: DownstreamStream) -> Bool {
    answerProgress.interim(stream.headBytes)
    guard answerProgress.interimBytes <= Self.interimHeadsMax * stream.headBytesMax else {
      fail(.malformedResponse, "too_many_interim")
      return false
    }
    downstream.putInterim(of: stream)
    stream.passHead()
    if stream.head.status == 100 { endAwaitingContinue(downstream) }
    return true
  }

  // MARK: Body

  /// A fault lets the body through at `rate` bytes a second; false: it has to wait now.
  private func keepPace(_ rate: UInt64, _ downstream: DownstreamStream) -> Bool {
    guard let begun = answerProgress.headAt, !answerProgress.isDone else { return true }
    judgeHead()
    let elapsed = Double(max(now.nanoseconds(since: begun), 0)) / 1e9
    let allowed = elapsed * Double(rate) - Double(answerProgress.bodyBytes)
    answerProgress.allow(Int(min(max(allowed, 0), Double(MessageStream.bulkBytesMax))))
    if answerProgress.paceBytes > 0 { return true }
    // A twentieth of a second's worth at a time, or a byte.
    let wait = max(50_000_000, Int64(1e9 / Double(rate)))
    guard flushResponse(downstream) else { return false }
    clocks.resume(at: now.advanced(byNanoseconds: wait))
    armDeadline(downstream)
    return false
  }

  /// The last byte of the answer is in the client's output.
  @inline(__always)
  private func answerEnded(_ stream: UpstreamStream, _ downstream: DownstreamStream) {
    answerProgress.ended()
    headStands()
    guard let upstream else { return }
    recordAttempt(status: status, grpcStatus: grpc.answeredCode, upstream)
    settle(status: status, grpcStatus: grpc.answeredCode)
    // An early answer: the endpoint does not want the rest of the request.
    release(stream, isWhole: true, upstream, downstream)
  }

  /// True: the client's output is empty.
  func flushResponse(_ downstream: DownstreamStream) -> Bool {
    switch downstream.flush() {
    case .drained:
      clocks.moved(now)
      return true
    case .blocked(let tookSome):
      if answerProgress.isDone { go(to: .replying) }
      noteBlocked(tookSome, downstream)
      return false
    case .failed:
      fail(.downstreamClosed)
      return false
    }
  }

  /// Receives more of the body; false: there is none now, or the exchange failed.
  private func receiveAnswer(_ stream: UpstreamStream, _ downstream: DownstreamStream) -> Bool {
    let most = min(MessageStream.bulkBytesMax, answerProgress.paceBytes)
    switch stream.receive(towards: downstream, upTo: most) {
    case .bytes(let direct):
      answerProgress.sent(direct)
      clocks.moved(now)
      return true
    case .nothing: return false
    case .failed(.bufferBudgetExceeded): fail(.bufferBudgetExceeded)
    case .failed(let failure): answerFailed(failure)
    }
    return false
  }
}
