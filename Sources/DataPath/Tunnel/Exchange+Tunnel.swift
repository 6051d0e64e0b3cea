import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor

/// After `101 Switching Protocols`: bytes both ways until both sides have ended (RFC 9110 §7.8).
///
/// Only what the client asked for and the endpoint agreed to; until then no byte behind the
/// request, its body included, is sent on. Each side's end is passed on by itself (half-close). The
/// connection is never pooled again. Fails as `upgrade_failed`, `stream_idle_timeout`,
/// `downstream_closed`, `upstream_reset`.
extension Exchange {
  /// An upgrade is asked for and may be passed on. Any method may ask, with or without a body
  /// (RFC 9110 §7.8): Docker's clients do so with POST.
  func isUpgradeRequested(_ bytes: Span<UInt8>) -> Bool {
    guard head.wantsUpgrade else { return false }
    for field in head.fields where field.id == .upgrade {
      if !UpgradeField.mayPass(bytes.extracting(field.value.bounds)) { return false }
    }
    return true
  }

  /// The endpoint switches to protocols that the client offered, one or several layers of them, in
  /// a single field.
  private func isUpgradeAgreed(_ request: Span<UInt8>, _ response: Span<UInt8>) -> Bool {
    guard isUpgradeRequested(request) else { return false }
    var answers = 0
    var isOffered = false
    for answer in responseHead.fields where answer.id == .upgrade {
      answers += 1
      isOffered = UpgradeField.takes(response.extracting(answer.value.bounds)) { layer in
        head.fields.contains { offer in
          offer.id == .upgrade
            && UpgradeField.offers(layer, in: request.extracting(offer.value.bounds))
        }
      }
    }
    return answers == 1 && isOffered
  }

  /// A 101 has been decoded; false: the exchange failed, or the client has not sent all of its
  /// request yet, which goes first (RFC 9110 §7.8): the 101 waits in the input for that.
  func takeUpgrade(_ connection: UpstreamConnection, _ downstream: DownstreamConnection) -> Bool {
    let input = connection.input
    let out = downstream.output
    let request = downstream.input
    // A client that waits to be told to go on would wait for ever.
    guard isUpgradeAgreed(request.readable, input.readable), !requestProgress.awaitsContinue else {
      fail(.upgradeFailed)
      return false
    }
    answerProgress.holdUpgrade(!requestProgress.isDone)
    // It may have left before its 101 was read: no event would come again.
    if answerProgress.holdsUpgrade { return goOnUpgrading(connection, downstream) }
    guard makeOutput(out) else {
      fail(.bufferBudgetExceeded)
      return false
    }
    let before = out.count
    guard ResponseWriter.writeUpgrade(self, input, to: out) else {
      return headDoesNotFit(out, before)
    }
    input.consume(responseHead.headBytes)
    status = 101
    if let upstream {
      recordAttempt(status: status, upstream)
      settle(status: status)
      if isHedged { dropHedge(upstream) }
    }
    clocks.headStands()
    answerProgress.upgraded(now)
    keepsDownstreamOpen = false
    stage = .tunnelling
    // What the client sent ahead goes first.
    guard pool.lend(to: connection.output) else {
      fail(.bufferBudgetExceeded)
      return false
    }
    return true
  }

  /// The 101 that waited for the request's end; false: it waits on, or the exchange is over.
  func goOnUpgrading(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Bool {
    if requestProgress.isDone { return takeUpgrade(connection, downstream) }
    // It switched and left: what is still to come of the request goes nowhere.
    if requestProgress.isRefused || connection.isBroken { attemptFailed(.upstreamReset) }
    return false
  }

  func pumpTunnel(_ connection: UpstreamConnection, _ downstream: DownstreamConnection) {
    var isBusy = false
    guard
      move(from: downstream, behind: requestProgress.bodyOffset, to: connection, .request, &isBusy),
      move(from: connection, behind: 0, to: downstream, .response, &isBusy)
    else { return }
    if answerProgress.tunnelEnds == [.request, .response] { return finish(downstream) }
    if isBusy { loop.resumeLater(downstream) }
    if !downstream.output.isEmpty { armDeadline(downstream) }
  }

  /// One direction; false: the exchange is over. What stands in the source's input behind `offset`
  /// came before the switch: it goes first, and until it has gone nothing is received.
  private func move(
    from source: ByteStream, behind offset: Int, to target: ByteStream, _ end: TunnelEnds,
    _ isBusy: inout Bool
  ) -> Bool {
    for _ in 0..<Self.roundsPerTurnMax {
      takeEarly(source.input, behind: offset, into: target.output, end)
      switch target.flush() {
      case .drained: break
      case .blocked(let tookSome):
        if tookSome { clocks.moved(now) }
        return true
      case .failed: return endTunnel(end == .request ? .upstreamReset : .downstreamClosed)
      }
      if source.input.count > offset { continue }
      if answerProgress.tunnelEnds.contains(end) { return true }
      switch source.receive(into: target.output) {
      case .bytes(let count): noteMoved(UInt64(count), end)
      case .wouldBlock: return true
      case .endOfStream:
        answerProgress.ended(end)
        target.kernel.shutdownSend(target.descriptor)
        return true
      case .failed: return endTunnel(end == .request ? .downstreamClosed : .upstreamReset)
      }
    }
    isBusy = true
    return true
  }

  private func takeEarly(
    _ input: Buffer, behind offset: Int, into output: Buffer, _ end: TunnelEnds
  ) {
    let count = min(input.count - offset, output.writableCount)
    guard count > 0 else { return }
    output.append(input.readable.extracting(offset..<offset + count))
    input.removeSubrange(at: offset, count: count)
    noteMoved(UInt64(count), end)
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
