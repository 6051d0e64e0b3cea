import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor

/// After `101 Switching Protocols`: bytes both ways until both sides have ended (RFC 9110 §7.8).
///
/// Only what the client asked for and the endpoint agreed to; until then no byte behind the
/// request's head is sent on. Each side's end is passed on by itself (half-close). The connection
/// is never pooled again. Fails as `upgrade_failed`, `stream_idle_timeout`.
extension Exchange {
  /// An upgrade is asked for and may be passed on. `h2c` may not: it would carry requests past us.
  func isUpgradeRequested(_ bytes: Span<UInt8>) -> Bool {
    guard head.wantsUpgrade, !head.hasBody else { return false }
    for field in head.fields where field.id == .upgrade {
      if ByteScan.equalIgnoringCase(bytes.extracting(field.value.bounds), "h2c") { return false }
    }
    return true
  }

  /// A 101 has been decoded; false: the exchange failed.
  func takeUpgrade(_ connection: UpstreamConnection, _ downstream: DownstreamConnection) -> Bool {
    let input = connection.input
    let out = downstream.output
    let request = downstream.input
    guard isUpgradeRequested(request.readable), requestDone,
      responseHead.present.contains(.upgrade)
    else {
      fail(.upgradeFailed)
      return false
    }
    let before = out.count
    guard ResponseWriter.writeUpgrade(self, input, to: out) else {
      return headDoesNotFit(out, before)
    }
    input.consume(responseHead.headBytes)
    status = 101
    responseBegun = true
    responseHeadAt = now
    isUpgraded = true
    keepsDownstreamOpen = false
    headDeadline = .distantFuture
    stage = .tunnelling
    // What the client sent ahead goes first.
    guard pool.lend(to: connection.output) else {
      fail(.bufferBudgetExceeded)
      return false
    }
    if !input.isEmpty, input.count <= out.writableCount {
      out.append(input.readable)
      responseBodyBytes += UInt64(input.count)
      input.removeAll()
    }
    return true
  }

  func pumpTunnel(_ connection: UpstreamConnection, _ downstream: DownstreamConnection) {
    let up = connection.output
    let down = downstream.output
    let input = downstream.input
    // What the client sent ahead stands behind the request's head.
    if input.count > bodyOffset {
      let early = input.readable.extracting(bodyOffset..<input.count)
      if early.count <= up.writableCount {
        requestBodyBytes += UInt64(early.count)
        up.append(early)
        input.truncate(early.count)
      }
    }
    let early = connection.input
    if !early.isEmpty, early.count <= down.writableCount {
      responseBodyBytes += UInt64(early.count)
      down.append(early.readable)
      early.removeAll()
    }
    var isBusy = false
    guard
      move(from: downstream, to: connection, through: up, &requestBodyBytes, &isBusy),
      move(from: connection, to: downstream, through: down, &responseBodyBytes, &isBusy)
    else { return }
    if tunnelEnds == [.request, .response] { return finish(downstream) }
    if isBusy { loop.resumeLater(downstream) }
  }

  /// One direction; false: the exchange is over.
  private func move(
    from source: ByteStream, to target: ByteStream, through buffer: Buffer,
    _ count: inout UInt64, _ isBusy: inout Bool
  ) -> Bool {
    let end: TunnelEnds = source === connection ? .response : .request
    for _ in 0..<Self.roundsPerTurnMax {
      switch target.flush() {
      case .drained: break
      case .blocked(let tookSome):
        if tookSome { lastProgress = now }
        return true
      case .failed: return endTunnel()
      }
      if tunnelEnds.contains(end) { return true }
      switch source.receive(into: buffer) {
      case .bytes(let moved):
        count += UInt64(moved)
        lastProgress = now
      case .wouldBlock: return true
      case .endOfStream:
        tunnelEnds.insert(end)
        target.kernel.shutdownSend(target.descriptor)
        return true
      case .failed: return endTunnel()
      }
    }
    isBusy = true
    return true
  }

  private func endTunnel() -> Bool {
    if let downstream { finish(downstream) }
    return false
  }
}
