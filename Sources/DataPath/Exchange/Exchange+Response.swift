import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry

/// The answer, from the endpoint to the client.
///
/// Read only when the client's output is empty. Fails as `malformed_response`,
/// `response_head_too_large`, `response_trailers_too_large`, `response_incomplete`,
/// `upstream_reset`, `upstream_closed`, `upgrade_failed`; once the answer has begun a failure cuts
/// the client's connection, so that it cannot take a part for the whole.
extension Exchange {
  func pumpResponse(_ connection: UpstreamConnection, _ downstream: DownstreamConnection) {
    for _ in 0..<Self.roundsPerTurnMax {
      if !answerProgress.hasBegun {
        guard readResponseHead(connection, downstream) else { return }
        if stage == .tunnelling { return pumpTunnel(connection, downstream) }
      }
      if let rate = fault.bytesPerSecond, !keepPace(rate, downstream) { return }
      let moved = forwardResponse(connection, downstream)
      guard moved != .failed else { return }
      if !answerProgress.isDone, !attempt.told.contains(.head) { judgeHead() }
      guard flushResponse(downstream) else { return }
      if answerProgress.isDone { return finish(downstream) }
      // What is left of the input goes before what is still in the socket, its end included; or
      // only the end is left to write, now that there is room; or the pace allows no more for now.
      if moved == .full || responseBody.isComplete || answerProgress.paceBytes == 0 { continue }
      guard receiveResponse(connection, downstream) else { return }
    }
    loop.resumeLater(downstream)
  }

  // MARK: Head

  /// True: a final head has been decoded and written to the client's output.
  private func readResponseHead(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Bool {
    let input = connection.input
    while true {
      // An attempt that was given up is another's now.
      guard self.connection === connection else { return false }
      // An interim answer that the client has not taken stops the endpoint.
      if !downstream.output.isEmpty, !flushResponse(downstream) { return false }
      if answerProgress.holdsUpgrade { return goOnUpgrading(connection, downstream) }
      if !input.isEmpty {
        do throws(HeadFault) {
          if try connection.decoder.decode(
            input.readable, answering: head.method, into: responseHead)
          {
            guard takeHead(connection, downstream) else { return false }
            if answerProgress.hasBegun { return true }
            continue
          }
        } catch {
          shard.add(worker.metrics.response(error))
          attemptFailed(error.responseFailure, error.name)
          return false
        }
      }
      guard connection.mayReceive else { return false }
      guard makeRoom(in: input) else {
        fail(.bufferBudgetExceeded)
        return false
      }
      switch connection.receive(into: input) {
      case .bytes: clocks.moved(now)
      case .wouldBlock: return false
      case .endOfStream:
        attemptFailed(input.isEmpty ? .upstreamClosed : .responseIncomplete)
        return false
      case .failed:
        attemptFailed(.upstreamReset)
        return false
      }
    }
  }

  /// A head has been decoded at the front of the input; false: the exchange failed.
  private func takeHead(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Bool {
    let input = connection.input
    let out = downstream.output
    guard makeOutput(out) else {
      fail(.bufferBudgetExceeded)
      return false
    }
    if responseHead.status == 101 { return takeUpgrade(connection, downstream) }
    if responseHead.status < 200 { return takeInterim(connection, downstream) }
    guard let upstream else { return false }
    if isHedged, waitForHedge(upstream) { return false }
    if route?.policy != nil, retryAnswer(connection, upstream, downstream) { return false }
    answerProgress.headArrived(now)
    status = responseHead.status
    responseBody.begin(responseHead.framing, connection.bodyLimits)
    decideFraming(downstream)
    let before = out.count
    guard let route, ResponseWriter.write(self, route.responseEdits, input, to: out) else {
      return headDoesNotFit(out, before)
    }
    answerProgress.begin(at: downstream.bytesSent + UInt64(before))
    if let settings, settings.loggedFields.hasResponse {
      loggedAnswer = settings.loggedFields.values(of: responseHead, input.readable)
    }
    input.consume(responseHead.headBytes)
    return true
  }

  /// How the client learns where the body ends, and whether its connection stays open.
  private func decideFraming(_ downstream: DownstreamConnection) {
    let needsChunks =
      switch responseHead.framing {
      case .chunked, .untilClose: true
      case .none, .length: false
      }
    answerProgress.sendChunks(needsChunks && head.minorVersion == 1)
    if needsChunks, head.minorVersion == 0 { keepsDownstreamOpen = false }
    // The rest of a request that was answered early would be taken for the next one.
    if !requestProgress.isDone || downstream.isDraining || endsWithPrivate {
      keepsDownstreamOpen = false
    }
  }

  /// Interim heads of one answer may fill that many final ones; more is a flood. RFC 9110 §15.2
  /// allows any number, so it is not they that are counted: one of 30 bytes a second goes on for
  /// nine hours with the defaults. Until when the final head must be there, the route says.
  private static let interimHeadsMax = 16

  /// 1xx: relayed to clients of HTTP/1.1 (RFC 9110 §15.2) as far as there is room, dropped for
  /// others.
  private func takeInterim(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Bool {
    let input = connection.input
    answerProgress.interim(responseHead.headBytes)
    guard
      answerProgress.interimBytes <= Self.interimHeadsMax * connection.decoder.limits.headBytesMax
    else {
      fail(.malformedResponse, "too_many_interim")
      return false
    }
    let out = downstream.output
    let before = out.count
    if head.minorVersion == 1, !ResponseWriter.writeInterim(self, input, to: out) {
      out.truncate(out.count - before)
    }
    input.consume(responseHead.headBytes)
    if responseHead.status == 100 { endAwaitingContinue(downstream) }
    return true
  }

  /// Takes back what was written of a head.
  func headDoesNotFit(_ out: Buffer, _ before: Int) -> Bool {
    out.truncate(out.count - before)
    fail(.responseHeadTooLarge)
    return false
  }

  /// A block for the head, and for a long body a large one, if there is one.
  func makeOutput(_ out: Buffer) -> Bool {
    let isLarge: Bool
    if case .length(let length) = responseHead.framing {
      isLarge = length > UInt64(BufferPool.smallBytes)
    } else {
      isLarge = false
    }
    if isLarge || responseHead.headBytes > BufferPool.smallBytes / 2,
      pool.lend(to: out, atLeast: BufferPool.largeBytes)
    {
      return true
    }
    return pool.lend(to: out)
  }

  // MARK: Body

  /// Moves what the endpoint's input holds into the client's output.
  private func forwardResponse(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Moved {
    let out = downstream.output
    let input = connection.input
    if !answerProgress.isDone {
      while !responseBody.isComplete, !input.isEmpty {
        let room = min(out.writableCount - ChunkEncoder.overheadMax, answerProgress.paceBytes)
        guard room > 0 else { return .full }
        let bytes = input.readable
        let offered = bytes.extracting(0..<min(bytes.count, room))
        let step: BodyStep
        do throws(BodyFault) {
          step = try responseBody.decode(offered)
        } catch {
          shard.add(worker.metrics.response(error))
          answerFailed(error.responseFailure, error.name)
          return .failed
        }
        if step.isStuck {
          // The end of what was offered may cut a chunk's head that the input holds whole.
          return offered.count < bytes.count ? .full : .all
        }
        if step.payload > 0 {
          let payload = offered.extracting(step.framing..<step.framing + step.payload)
          answerProgress.sent(step.payload)
          if answerProgress.isChunked {
            _ = ChunkEncoder.appendChunk(payload, to: out)
          } else {
            out.append(payload)
          }
        }
        input.consume(step.framing + step.payload)
      }
    }
    if responseBody.isComplete, !answerProgress.isDone { endResponse(connection, out) }
    return .all
  }

  /// A fault lets the body through at `rate` bytes a second; false: it has to wait now.
  private func keepPace(_ rate: UInt64, _ downstream: DownstreamConnection) -> Bool {
    guard let begun = answerProgress.headAt, !responseBody.isComplete else { return true }
    judgeHead()
    let elapsed = Double(max(now.nanoseconds(since: begun), 0)) / 1e9
    let allowed = elapsed * Double(rate) - Double(answerProgress.bodyBytes)
    answerProgress.allow(Int(min(max(allowed, 0), Double(Self.bulkBytesMax))))
    if answerProgress.paceBytes > 0 { return true }
    // A twentieth of a second's worth at a time, or a byte.
    let wait = max(50_000_000, Int64(1e9 / Double(rate)))
    guard flushResponse(downstream) else { return false }
    clocks.resume(at: now.advanced(byNanoseconds: wait))
    armDeadline(downstream)
    return false
  }

  @inline(__always)
  private func endResponse(_ connection: UpstreamConnection, _ out: Buffer) {
    if answerProgress.isChunked, !appendResponseEnd(out) { return }
    answerProgress.ended()
    headStands()
    if let upstream {
      recordAttempt(status: status, upstream)
      settle(status: status)
    }
    // An early answer: the endpoint does not want the rest of the request.
    release(connection)
  }

  /// What the route leaves out of the head it leaves out of the trailers.
  private func appendResponseEnd(_ out: Buffer) -> Bool {
    let edits = route?.responseEdits ?? .none
    return ChunkEncoder.appendEnd(
      trailersOf: responseBody, omitting: edits.omitted, others: edits.others,
      nominatesOthers: responseHead.nominatesOthers, to: out)
  }

  /// True: the client's output is empty.
  private func flushResponse(_ downstream: DownstreamConnection) -> Bool {
    switch downstream.flush() {
    case .drained:
      clocks.moved(now)
      return true
    case .blocked(let tookSome):
      if answerProgress.isDone { stage = .replying }
      noteBlocked(tookSome, downstream)
      return false
    case .failed:
      fail(.downstreamClosed)
      return false
    }
  }

  /// Receives more of the body; false: there is none now, or the exchange failed.
  private func receiveResponse(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Bool {
    guard connection.mayReceive else { return false }
    let result: IOResult
    if !answerProgress.isChunked, let direct = responseBody.directBytes, connection.input.isEmpty {
      let out = downstream.output
      enlarge(out, for: direct)
      result = connection.receive(
        into: out, upTo: min(Int(clamping: direct), Self.bulkBytesMax, answerProgress.paceBytes))
      if case .bytes(let count) = result {
        responseBody.received(count)
        answerProgress.sent(count)
      }
    } else {
      guard makeRoom(in: connection.input) else {
        fail(.bufferBudgetExceeded)
        return false
      }
      result = connection.receive(into: connection.input)
    }
    switch result {
    case .bytes:
      clocks.moved(now)
      return true
    case .wouldBlock: return false
    case .endOfStream:
      if responseBody.endOfInput() { return true }
      answerFailed(.responseIncomplete)
      return false
    case .failed:
      answerFailed(.upstreamReset)
      return false
    }
  }
}
