import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Telemetry

/// The request's body, from the client to the endpoint.
///
/// Read only when the endpoint's output is empty: a slow endpoint stops the client and nothing else.
/// A body with a length is received straight into the output; a chunked one is decoded from the
/// input and framed anew. Fails as `request_body_too_large`, `request_body_too_slow`,
/// `malformed_request`, `request_trailers_too_large`, `downstream_closed`.
extension Exchange {
  /// Receives of one turn and direction, so that one body does not starve the loop.
  static let roundsPerTurnMax = 8
  /// Received at once of a long body: 64 KiB fell out of the processor's nearest caches between the
  /// receive and the send, and 1 GiB took up to five times as long as with half of it.
  static let bulkBytesMax = 32 * 1024

  func pumpRequest(_ connection: UpstreamConnection, _ downstream: DownstreamConnection) {
    for _ in 0..<Self.roundsPerTurnMax {
      var moved = Moved.all
      if !requestProgress.isDone { moved = forwardBody(connection, downstream) }
      guard moved != .failed, flushRequest(connection), !requestProgress.isDone else { return }
      // What is left of the input goes before what is still in the socket, its end included.
      if moved == .full { continue }
      // Only the end is left to write, now that there is room.
      if requestBody.isComplete { continue }
      guard receiveBody(connection, downstream) else { return }
    }
    loop.resumeLater(downstream)
  }

  /// What became of the bytes that an input holds.
  enum Moved {
    /// All of it that can be understood went into the output.
    case all
    /// The output is full: there is more.
    case full
    /// The exchange failed.
    case failed
  }

  /// Moves what the input holds into the output.
  private func forwardBody(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Moved {
    let out = connection.output
    let input = downstream.input
    let isChunked = requestBody.isChunked
    while !requestBody.isComplete, requestProgress.bodyOffset < input.count {
      let room = out.writableCount - ChunkEncoder.overheadMax
      guard room > 0 else { return .full }
      let bytes = input.readable
      let offered = bytes.extracting(
        requestProgress.bodyOffset..<min(bytes.count, requestProgress.bodyOffset + room))
      let step: BodyStep
      do throws(BodyFault) {
        step = try requestBody.decode(offered)
      } catch {
        shard.add(worker.metrics.request(error))
        fail(error.requestFailure, error.name)
        return .failed
      }
      if step.isStuck {
        // The end of what was offered may cut a chunk's head that the input holds whole.
        return requestProgress.bodyOffset + offered.count < bytes.count ? .full : .all
      }
      if step.payload > 0 {
        guard note(body: step.payload) else { return .failed }
        let payload = offered.extracting(step.framing..<step.framing + step.payload)
        if isChunked { _ = ChunkEncoder.appendChunk(payload, to: out) } else { out.append(payload) }
      }
      requestProgress.passed(step.framing + step.payload)
    }
    if requestBody.isComplete { endBody(out, isChunked, downstream) }
    return .all
  }

  private func endBody(
    _ out: Buffer, _ isChunked: Bool, _ downstream: DownstreamConnection
  ) {
    // There is room for the end once the output is sent.
    if isChunked, !appendBodyEnd(out) { return }
    requestProgress.ended()
    // The time to answer begins when there is something whole to answer.
    if head.hasBody {
      attempt.timedFrom = now
      // The first attempt's: what follows it is part of what the client waited for.
      if history.begun == 1 { hold.timedFrom = now }
      armTimeout()
      armTry()
      if clocks.slowAt != .distantFuture, let upstream { watchSlow(upstream) }
      armDeadline(downstream)
    }
  }

  /// What the route leaves out of the head it leaves out of the trailers.
  private func appendBodyEnd(_ out: Buffer) -> Bool {
    let edits = route?.requestEdits ?? .none
    return ChunkEncoder.appendEnd(
      trailersOf: requestBody, omitting: edits.omitted, others: edits.others,
      nominatesOthers: head.nominatesOthers, to: out)
  }

  /// Counts payload; false: there is more than the listener lets through.
  private func note(body count: Int) -> Bool {
    requestProgress.sent(UInt64(count))
    clocks.bodyCame(UInt64(count))
    if requestProgress.bodyBytes > listener?.settings.requestBodyBytesMax ?? .max {
      fail(.requestBodyTooLarge)
      return false
    }
    return true
  }

  /// True: the output is empty.
  private func flushRequest(_ connection: UpstreamConnection) -> Bool {
    if connection.output.isEmpty { return true }
    if requestProgress.isRefused { return false }
    switch connection.flush() {
    case .drained:
      clocks.moved(now)
      if requestProgress.isDone { pool.reclaim(from: connection.output) }
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
  private func receiveBody(
    _ connection: UpstreamConnection, _ downstream: DownstreamConnection
  ) -> Bool {
    let result: IOResult
    if requestProgress.bodyKeptMax == 0, let direct = requestBody.directBytes {
      let out = connection.output
      enlarge(out, for: direct)
      result = downstream.receive(into: out, upTo: min(Int(clamping: direct), Self.bulkBytesMax))
      if case .bytes(let count) = result {
        requestBody.received(count)
        requestProgress.passedDirectly(UInt64(count))
        guard note(body: count) else { return false }
      }
    } else {
      guard makeBodyRoom(in: downstream.input) else { return false }
      result = downstream.receive(into: downstream.input)
    }
    switch result {
    case .bytes:
      clocks.moved(now)
      endAwaitingContinue(downstream)
      return true
    case .wouldBlock: return false
    case .endOfStream, .failed:
      fail(.downstreamClosed)
      return false
    }
  }

  /// A long body is worth a large block; without one it goes on through the small one.
  func enlarge(_ out: Buffer, for expected: UInt64) {
    if out.isEmpty, out.capacity < BufferPool.largeBytes, expected > UInt64(out.capacity) {
      _ = pool.lend(to: out, atLeast: BufferPool.largeBytes)
    }
  }

  /// Decides whether the body's bytes stay, so that another attempt can send them again: in the
  /// input, behind the head, for as long as they fit there.
  func keepBody(upTo most: Int) {
    guard head.hasBody, most > 0 else { return }
    requestProgress.keepBody(upTo: most)
    if case .length(let length) = head.framing, length > UInt64(most) {
      requestProgress.outgrow()
    }
  }

  /// The request is to be sent again, from its first byte. Precondition: all of it is kept.
  func rewindRequest() {
    requestProgress.rewind(to: head.headBytes)
    requestBody.begin(head.framing, listener?.settings.bodyLimits ?? BodyLimits())
    answerProgress.holdUpgrade(false)
  }

  /// Room in the input behind the head, which stays.
  private func makeBodyRoom(in input: Buffer) -> Bool {
    if requestProgress.bodyKeptMax > 0 {
      if requestProgress.bodyOffset - head.headBytes <= requestProgress.bodyKeptMax,
        makeRoom(in: input)
      {
        return true
      }
      requestProgress.outgrow()
    }
    if requestProgress.bodyOffset > head.headBytes, input.writableCount < input.capacity / 2 {
      input.removeSubrange(at: head.headBytes, count: requestProgress.bodyOffset - head.headBytes)
      requestProgress.forgetPassed(from: head.headBytes)
    }
    // A head that fills its block leaves no room behind it.
    if makeRoom(in: input) { return true }
    fail(.bufferBudgetExceeded)
    return false
  }
}
