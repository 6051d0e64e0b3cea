import HTTPModel
import Primitives
import Reactor
import Telemetry
import Transport
import Upstreams

/// The request's body, from the client to the endpoint.
///
/// Read only when the endpoint's output is empty: a slow endpoint stops the client and nothing else.
/// A body with a length is received straight into the output; a chunked one is decoded from the
/// input and framed anew. Fails as `request_body_too_large`, `request_body_too_slow`,
/// `malformed_request`, `request_trailers_too_large`, `downstream_closed`.
extension Exchange {
  /// Receives of one turn and direction, so that one body does not starve the loop.
  static let roundsPerTurnMax = 8

  func pumpRequest(_ stream: UpstreamStream, _ downstream: DownstreamStream) {
    for _ in 0..<Self.roundsPerTurnMax {
      var moved = MessageStream.Moved.all
      if !requestProgress.isDone {
        moved = downstream.move(into: stream, upTo: .max) { route?.requestEdits ?? .none }
        if moved == .failed { return fail(downstream.fault.kind, downstream.fault.detail) }
        guard note(body: downstream.movedBytes) else { return }
        if moved == .ended { requestEnded(downstream) }
      }
      guard flushRequest(stream), !requestProgress.isDone else { return }
      // What is left goes before what is still to be received, its end included.
      if moved == .full { continue }
      guard receiveBody(stream, downstream) else { return }
    }
    loop.resumeLater(self)
  }

  /// The last byte of the request is in the endpoint's output.
  private func requestEnded(_ downstream: DownstreamStream) {
    requestProgress.ended()
    // The time to answer begins when there is something whole to answer.
    if downstream.head.hasBody {
      attempt.timedFrom = now
      // The first attempt's: what follows it is part of what the client waited for.
      if attempts.begun == 1 { hold.countTime(from: now) }
      armTimeout()
      armTry()
      if clocks.slowAt != .distantFuture, let upstream { watchSlow(upstream) }
      armDeadline(downstream)
    }
  }

  /// Counts payload; false: there is more than the listener lets through.
  private func note(body count: Int) -> Bool {
    guard count > 0 else { return true }
    requestProgress.sent(UInt64(count))
    clocks.bodyCame(UInt64(count))
    if requestProgress.bodyBytes > listener?.settings.requestBodyBytesMax ?? .max {
      fail(.requestBodyTooLarge)
      return false
    }
    return true
  }

  /// True: the output is empty.
  private func flushRequest(_ stream: UpstreamStream) -> Bool {
    if stream.isOutputEmpty { return true }
    if requestProgress.isRefused { return false }
    switch stream.flush() {
    case .drained:
      clocks.moved(now)
      if requestProgress.isDone { stream.requestIsOut() }
      return true
    case .blocked(let tookSome):
      if tookSome { clocks.moved(now) }
      return false
    case .failed:
      // An endpoint may answer early and close: its answer is read before this counts.
      requestProgress.refused()
      return false
    }
  }

  /// Receives more of the body; false: there is none now, or the exchange failed.
  private func receiveBody(_ stream: UpstreamStream, _ downstream: DownstreamStream) -> Bool {
    switch downstream.receive(towards: stream, upTo: MessageStream.bulkBytesMax) {
    case .bytes(let direct):
      guard note(body: direct) else { return false }
      clocks.moved(now)
      endAwaitingContinue(downstream)
      return true
    case .nothing: return false
    case .failed(let failure):
      fail(failure)
      return false
    }
  }

  /// The request is to be sent again, from its first byte. Precondition: all of it is kept.
  func rewindRequest(_ downstream: DownstreamStream) {
    downstream.rewind()
    requestProgress.rewind()
  }
}
