import HTTPModel
import Primitives
import Reactor
import Transport

/// After `101 Switching Protocols`: bytes both ways until both sides have ended (RFC 9110 §7.8).
///
/// Only what the client asked for and the endpoint agreed to; until then no byte behind the
/// request, its body included, is sent on. Each side's end is passed on by itself (half-close). The
/// connection is never pooled again. Fails as `upgrade_failed`, `stream_idle_timeout`,
/// `downstream_closed`, `upstream_reset`.
extension Exchange {
  /// A 101 has been read; false: the exchange failed, or the client has not sent all of its request
  /// yet, which goes first (RFC 9110 §7.8): the 101 waits for that.
  func takeUpgrade(_ stream: UpstreamStream, _ downstream: DownstreamStream) -> Bool {
    // A client that waits to be told to go on would wait for ever.
    guard stream.isUpgradeAgreed(to: downstream), !requestProgress.awaitsContinue else {
      fail(.upgradeFailed)
      return false
    }
    answerProgress.holdUpgrade(!requestProgress.isDone)
    // It may have left before its 101 was read: no event would come again.
    if answerProgress.holdsUpgrade { return goOnUpgrading(stream, downstream) }
    guard downstream.makeOutput(for: stream) else {
      fail(.bufferBudgetExceeded)
      return false
    }
    guard downstream.putUpgrade(of: stream) else {
      fail(.responseHeadTooLarge)
      return false
    }
    stream.passHead()
    result.answers(101)
    if let upstream {
      recordAttempt(status: status, upstream)
      settle(status: status)
      if isHedged { dropHedge(upstream) }
    }
    clocks.headStands()
    answerProgress.upgraded(now)
    attempt.answered(stream.head)
    downstream.keepsOpen(false)
    go(to: .tunnelling)
    // What the client sent ahead goes first.
    guard let out = stream.tunnel?.output, worker.pool.lend(to: out) else {
      fail(.bufferBudgetExceeded)
      return false
    }
    return true
  }

  /// The 101 that waited for the request's end; false: it waits on, or the exchange is over.
  func goOnUpgrading(_ stream: UpstreamStream, _ downstream: DownstreamStream) -> Bool {
    if requestProgress.isDone { return takeUpgrade(stream, downstream) }
    // It switched and left: what is still to come of the request goes nowhere.
    if requestProgress.isRefused || stream.isBroken { attemptFailed(.upstreamReset) }
    return false
  }

  func pumpTunnel(_ stream: UpstreamStream, _ downstream: DownstreamStream) {
    guard let client = downstream.tunnel, let endpoint = stream.tunnel else {
      preconditionFailure("a tunnel through a protocol that has none")
    }
    var isBusy = false
    guard
      move(from: client, early: downstream, to: endpoint, .request, &isBusy),
      move(from: endpoint, early: stream, to: client, .response, &isBusy)
    else { return }
    if answerProgress.tunnelEnds == [.request, .response] { return finish(downstream) }
    if isBusy { loop.resumeLater(self) }
    if !downstream.isOutputEmpty { armDeadline(downstream) }
  }

  /// One direction; false: the exchange is over. What came before the switch, which `early` still has,
  /// goes first.
  private func move(
    from source: ByteStream, early: MessageStream, to target: ByteStream, _ end: TunnelEnds,
    _ isBusy: inout Bool
  ) -> Bool {
    let step = TunnelPump.move(
      from: source, early: early, to: target, isOver: answerProgress.tunnelEnds.contains(end)
    ) { noteMoved(UInt64($0), end) }
    switch step {
    case .waits: return true
    case .isBusy: isBusy = true
    case .ended: answerProgress.ended(end)
    case .sourceFailed: return endTunnel(end == .request ? .downstreamClosed : .upstreamReset)
    case .targetFailed: return endTunnel(end == .request ? .upstreamReset : .downstreamClosed)
    }
    return true
  }

  private func noteMoved(_ bytes: UInt64, _ end: TunnelEnds) {
    clocks.moved(now)
    if end == .request {
      requestProgress.sent(bytes)
    } else {
      answerProgress.sent(Int(bytes))
    }
  }

  private func endTunnel(_ failure: FailureKind) -> Bool {
    fail(failure)
    return false
  }
}
