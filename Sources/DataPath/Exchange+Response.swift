import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Telemetry

/// The answer, from the endpoint to the client.
///
/// Read only when the client's output is empty. Fails as `malformed_response`,
/// `response_head_too_large`, `response_trailers_too_large`, `response_incomplete`,
/// `upstream_reset`, `upstream_closed`, `upgrade_failed`; once the answer has begun a failure cuts
/// the client's connection, so that it cannot take a part for the whole.
extension Exchange {
  func pumpResponse() {
    for _ in 0..<Self.roundsPerTurnMax {
      guard let connection, let downstream else { return }
      if !responseBegun {
        guard readResponseHead(connection, downstream) else { return }
        if stage == .tunnelling { return pumpTunnel() }
      }
      let moved = forwardResponse(connection, downstream)
      guard moved != .failed, flushResponse(downstream) else { return }
      if responseDone { return finish() }
      // What is left of the input goes before what is still in the socket, its end included.
      if moved == .full { continue }
      guard receiveResponse(connection, downstream) else { return }
    }
    if let downstream { worker.loop.resumeLater(downstream) }
  }

  // MARK: Head

  /// True: a final head has been decoded and written to the client's output.
  private func readResponseHead(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Bool {
    while true {
      if let input = connection.input, !input.isEmpty {
        do throws(HeadFault) {
          if try connection.decoder.decode(
            input.readable, answering: head.method, into: &responseHead)
          {
            guard takeHead(connection, downstream, input) else { return false }
            if responseBegun { return true }
            continue
          }
        } catch {
          worker.shard.add(worker.metrics.response(error))
          fail(error.responseFailure, error.name)
          return false
        }
      }
      guard connection.mayReceive else { return false }
      guard makeRoom(connection), let input = connection.input else {
        fail(.bufferBudgetExceeded)
        return false
      }
      switch connection.receive(into: input) {
      case .bytes: lastProgress = now
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

  private func makeRoom(_ connection: UpstreamConnection) -> Bool {
    guard let input = connection.input else {
      connection.input = worker.pool.take()
      return connection.input != nil
    }
    if input.writableCount > 0 { return true }
    input.compact()
    if input.writableCount > 0 { return true }
    guard input.capacity < BufferPool.largeBytes,
      let larger = worker.pool.take(atLeast: BufferPool.largeBytes)
    else { return false }
    larger.append(input.readable)
    connection.giveInput(to: worker.pool)
    connection.input = larger
    return true
  }

  /// A head has been decoded at the front of `input`; false: the exchange failed.
  private func takeHead(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection, _ input: Buffer
  ) -> Bool {
    guard makeOutput(downstream) else {
      fail(.bufferBudgetExceeded)
      return false
    }
    guard let out = downstream.output else { return false }
    if responseHead.status == 101 { return takeUpgrade(connection, input, out) }
    if responseHead.status < 200 { return takeInterim(downstream, input, out) }
    responseHeadAt = now
    headDeadline = .distantFuture
    status = responseHead.status
    responseBody = BodyDecoder(
      framing: responseHead.framing,
      limits: upstream?.plan.bodyLimits ?? BodyLimits())
    decideFraming()
    guard ResponseWriter.write(self, input, to: out) else {
      fail(.responseHeadTooLarge)
      return false
    }
    responseBegun = true
    input.consume(responseHead.headBytes)
    return true
  }

  /// How the client learns where the body ends, and whether its connection stays open.
  private func decideFraming() {
    let needsChunks = responseHead.framing == .chunked || responseHead.framing == .untilClose
    chunksResponse = needsChunks && head.minorVersion == 1
    if needsChunks, head.minorVersion == 0 { keepsDownstreamOpen = false }
    // The rest of a request that was answered early would be taken for the next one.
    if !requestDone || downstream?.isDraining == true { keepsDownstreamOpen = false }
  }

  /// 1xx: relayed to clients of HTTP/1.1 (RFC 9110 §15.2), dropped for others.
  private func takeInterim(
    _ downstream: DownstreamConnection, _ input: Buffer, _ out: Buffer
  ) -> Bool {
    if head.minorVersion == 1, !ResponseWriter.writeInterim(self, input, to: out) {
      fail(.responseHeadTooLarge)
      return false
    }
    input.consume(responseHead.headBytes)
    _ = downstream.flush()
    return true
  }

  private func makeOutput(_ downstream: DownstreamConnection) -> Bool {
    var bytes = BufferPool.smallBytes
    if responseHead.headBytes > bytes / 2 { bytes = BufferPool.largeBytes }
    if case .length(let length) = responseHead.framing, length > UInt64(bytes) {
      bytes = BufferPool.largeBytes
    }
    if let out = downstream.output {
      guard out.capacity < bytes else { return true }
      guard let larger = worker.pool.take(atLeast: bytes) else { return true }
      larger.append(out.readable)
      downstream.giveOutput(to: worker.pool)
      downstream.output = larger
    } else {
      downstream.output = worker.pool.take(atLeast: bytes)
    }
    return downstream.output != nil
  }

  // MARK: Body

  /// Moves what the endpoint's input holds into the client's output.
  private func forwardResponse(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Moved {
    guard let out = downstream.output, !responseDone else { return .all }
    if let input = connection.input {
      while !responseBody.isComplete, !input.isEmpty {
        let room = out.writableCount - ChunkEncoder.overheadMax
        guard room > 0 else { return .full }
        let bytes = input.readable
        let offered = bytes.extracting(0..<min(bytes.count, room))
        let step: BodyStep
        do throws(BodyFault) {
          step = try responseBody.decode(offered)
        } catch {
          worker.shard.add(worker.metrics.response(error))
          fail(error.responseFailure, error.name)
          return .failed
        }
        if step.isStuck {
          // The end of what was offered may cut a chunk's head that the input holds whole.
          return offered.count < bytes.count ? .full : .all
        }
        if step.payload > 0 {
          let payload = offered.extracting(step.framing..<step.framing + step.payload)
          responseBodyBytes += UInt64(step.payload)
          if chunksResponse {
            _ = ChunkEncoder.appendChunk(payload, to: out)
          } else {
            out.append(payload)
          }
        }
        input.consume(step.framing + step.payload)
      }
    }
    if responseBody.isComplete { endResponse(out) }
    return .all
  }

  private func endResponse(_ out: Buffer) {
    if chunksResponse, !ChunkEncoder.appendEnd(trailersOf: responseBody, to: out) { return }
    responseDone = true
    // An early answer: the endpoint does not want the rest of the request.
    releaseConnection()
  }

  /// True: the client's output is empty.
  private func flushResponse(_ downstream: DownstreamConnection) -> Bool {
    switch downstream.flush() {
    case .drained:
      lastProgress = now
      return true
    case .blocked(let tookSome):
      if responseDone { stage = .replying }
      noteBlocked(tookSome)
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
    if !chunksResponse, let direct = responseBody.directBytes, connection.input?.isEmpty ?? true {
      enlarge(downstream, direct)
      guard let out = downstream.output else { return false }
      result = connection.receive(into: out, upTo: Int(min(direct, UInt64(out.writableCount))))
      if case .bytes(let count) = result {
        responseBody.received(count)
        responseBodyBytes += UInt64(count)
      }
    } else {
      guard makeRoom(connection), let input = connection.input else {
        fail(.bufferBudgetExceeded)
        return false
      }
      result = connection.receive(into: input)
    }
    switch result {
    case .bytes:
      lastProgress = now
      return true
    case .wouldBlock: return false
    case .endOfStream:
      if responseBody.endOfInput() { return true }
      fail(.responseIncomplete)
      return false
    case .failed:
      fail(.upstreamReset)
      return false
    }
  }

  private func enlarge(_ downstream: DownstreamConnection, _ expected: UInt64) {
    guard let out = downstream.output, out.isEmpty, out.capacity < BufferPool.largeBytes,
      expected > UInt64(out.capacity), let larger = worker.pool.take(atLeast: BufferPool.largeBytes)
    else { return }
    downstream.giveOutput(to: worker.pool)
    downstream.output = larger
  }
}
