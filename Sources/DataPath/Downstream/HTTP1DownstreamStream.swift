import HTTP1
import HTTPModel
import Primitives
import Reactor
import Telemetry
import Transport

/// A request on an HTTP/1.1 connection and its answer.
///
/// The head and what is kept of the body stand in one block, into which they are received, so that
/// nothing is copied before it is forwarded; an answer is text in another. One request a connection at
/// a time: those that a client sends ahead wait in the block behind it, which goes back to the
/// connection with them.
final class HTTP1DownstreamStream: DownstreamStream {
  private var decoder = RequestDecoder(limits: HeadLimits())
  /// `head`, as HTTP/1 says it.
  let http1Head = HTTP1RequestHead()
  let body = BodyDecoder()
  var kept = KeptBody()
  var waitsToContinue = false
  /// The answer's payload is sent in chunks.
  var sendsChunks = false
  /// Where in all that the client was ever sent the answer begins.
  var answerStart: UInt64 = 0

  /// Text for the client; behind an upgrade it is the connection's own.
  private let output = Buffer()
  private var hasTunnel = false

  var input: Buffer { headBlock }

  init(worker: Worker) { super.init(worker: worker, head: http1Head) }

  /// A request begins on `connection`.
  func begin(on connection: DownstreamConnection) {
    bind(connection)
    if connection.input.hasBlock { input.take(from: connection.input) }
    let listener = connection.listener
    decoder = RequestDecoder(limits: listener.current.settings.headLimits)
    exchange.begin(self, on: connection, listener)
  }

  // MARK: Head

  override func readHead() -> HeadRead {
    let connection = connection
    let input = input
    while true {
      if !input.isEmpty {
        do throws(HeadFault) {
          if try decoder.decode(input.readable, into: http1Head) {
            headDecoded(connection, input)
            return .whole
          }
        } catch {
          if error == .http2Preface, connection.becomesHTTP2(by: input) { return .nothing }
          worker.shard.add(worker.metrics.request(error))
          return .failed(error.requestFailure, error.name)
        }
      }
      guard pool.makeRoom(in: input) else { return .failed(.bufferBudgetExceeded, "") }
      switch connection.receive(into: input) {
      case .bytes: continue
      case .wouldBlock:
        // Only an edge came, or empty lines (RFC 9112 §2.2): the connection is still idle.
        if decoder.hasBegun(input.readable) { return .incomplete }
        input.removeAll()
        return .nothing
      case .endOfStream, .failed:
        return input.isEmpty ? .nothing : .failed(.downstreamClosed, "")
      }
    }
  }

  override func salvageHead() {
    headPart = decoder.salvage(input.readable, into: http1Head)
  }

  override var awaitsContinue: Bool { waitsToContinue }
  override var protocolName: StaticString {
    http1Head.minorVersion == 1 ? "HTTP/1.1" : "HTTP/1.0"
  }
  override var protocolVersion: StaticString { http1Head.minorVersion == 1 ? "1.1" : "1.0" }

  // MARK: Body

  override func move(
    into sink: MessageStream, upTo most: Int, _ edits: () -> HeaderEdits
  ) -> Moved {
    movedBytes = 0
    let input = input
    while !body.isComplete, kept.offset < input.count {
      let room = min(sink.payloadRoom, most - movedBytes)
      guard room > 0 else { return .full }
      let bytes = input.readable
      let offered = bytes.extracting(kept.offset..<min(bytes.count, kept.offset + room))
      let step: BodyStep
      do throws(BodyFault) {
        step = try body.decode(offered)
      } catch {
        worker.shard.add(worker.metrics.request(error))
        fault = Fault(kind: error.requestFailure, detail: error.name)
        return .failed
      }
      if step.isStuck {
        // The end of what was offered may cut a chunk's head that the input holds whole.
        return kept.offset + offered.count < bytes.count ? .full : .all
      }
      if step.payload > 0 {
        movedBytes += step.payload
        sink.put(offered.extracting(step.framing..<step.framing + step.payload))
      }
      kept.passed(step.framing + step.payload)
    }
    guard body.isComplete else { return .all }
    // There is room for the end once the output is sent.
    return sink.putEnd(of: self, edits) ? .ended : .full
  }

  override func receive(towards sink: MessageStream, upTo most: Int) -> Received {
    let result: IOResult
    var direct = 0
    if kept.bytesMax == 0, let expected = body.directBytes,
      let out = sink.payloadBuffer(expected)
    {
      result = connection.receive(into: out, upTo: min(Int(clamping: expected), most))
      if case .bytes(let count) = result {
        body.received(count)
        kept.passedDirectly(UInt64(count))
        direct = count
      }
    } else {
      guard makeBodyRoom() else { return .failed(.bufferBudgetExceeded) }
      result = connection.receive(into: input)
    }
    switch result {
    case .bytes: return .bytes(direct)
    case .wouldBlock: return .nothing
    case .endOfStream, .failed: return .failed(.downstreamClosed)
    }
  }

  override func appendTrailers(_ edits: HeaderEdits, to out: Buffer) -> Bool {
    body.appendTrailers(
      omitting: edits.omitted, others: edits.others, nominatesOthers: head.nominatesOthers, to: out)
  }

  override func keep(upTo most: Int) {
    guard head.hasBody, most > 0 else { return }
    kept.keep(upTo: most)
    if case .length(let length) = http1Head.framing, length > UInt64(most) { kept.outgrow() }
  }

  override var unrepeatableBytes: UInt64 { kept.unrepeatableBytes }
  override var bodyOutgrew: Bool { kept.outgrew }

  override func rewind() {
    kept.rewind(to: headBytes)
    body.begin(http1Head.framing, exchange.listenerSettings?.bodyLimits ?? BodyLimits())
  }

  override func skipBody() -> Bool {
    switch http1Head.framing {
    case .none: return true
    case .length(let length):
      // Bytes that went straight to an endpoint are gone from the input.
      guard kept.unrepeatableBytes == 0, length <= UInt64(input.count - headBytes) else {
        return false
      }
      kept.skip(to: headBytes + Int(length))
      return true
    case .chunked, .untilClose: return false
    }
  }

  // MARK: The answer

  override func makeOutput(for answer: UpstreamStream) -> Bool {
    let out = output
    var isLarge = false
    if case .known(let length) = answer.head.length {
      isLarge = length > UInt64(BufferPool.smallBytes)
    }
    if isLarge || answer.headBytes > BufferPool.smallBytes / 2,
      pool.lend(to: out, atLeast: BufferPool.largeBytes)
    {
      return true
    }
    return pool.lend(to: out)
  }

  override func putHead(of answer: UpstreamStream, _ edits: HeaderEdits) -> Bool {
    let out = output
    let before = out.count
    decideFraming(answer.head)
    answerStart = connection.bytesSent + UInt64(before)
    return writeHead(of: answer, edits, to: out) || undo(to: before, out)
  }

  private func undo(to count: Int, _ out: Buffer) -> Bool {
    out.truncate(out.count - count)
    return false
  }

  override func putInterim(of answer: UpstreamStream) {
    // RFC 9110 §15.2: not to clients of HTTP/1.0.
    guard http1Head.minorVersion == 1 else { return }
    let out = output
    let before = out.count
    _ = writeInterim(of: answer, to: out) || undo(to: before, out)
  }

  override func putUpgrade(of answer: UpstreamStream) -> Bool {
    let out = output
    let before = out.count
    guard writeUpgrade(of: answer, to: out) else { return undo(to: before, out) }
    hasTunnel = true
    connection.output.take(from: out)
    return true
  }

  override func put(_ reply: LocalReply) -> Bool {
    let out = output
    if !pool.lend(to: out, atLeast: BufferPool.largeBytes) { pool.lendBeyondBudget(to: out) }
    // Interim answers that the client has not taken yet go first.
    out.compact()
    // What begins with a handshake record (22) was refused as `tls_client_hello`.
    if input.count > 1, input.readable[0] == 22, input.readable[1] == 3 {
      Self.appendAlert(to: out)
      return true
    }
    return write(reply, to: out)
  }

  override func takeBackHead() -> Bool {
    let connection = connection
    guard connection.bytesSent <= answerStart else { return false }
    let out = output
    out.truncate(Int(connection.bytesSent + UInt64(out.count) - answerStart))
    return true
  }

  override var payloadRoom: Int { output.writableCount - ChunkEncoder.overheadMax }

  override func put(_ payload: Span<UInt8>) {
    if sendsChunks {
      _ = ChunkEncoder.appendChunk(payload, to: output)
    } else {
      output.append(payload)
    }
  }

  override func payloadBuffer(_ expected: UInt64) -> Buffer? {
    guard !sendsChunks else { return nil }
    let out = output
    pool.enlarge(out, for: expected)
    return out
  }

  override func putEnd(of source: MessageStream, _ edits: () -> HeaderEdits) -> Bool {
    !sendsChunks
      || ChunkEncoder.appendEnd(to: output) { exchange.appendTrailers(of: source, edits(), to: $0) }
  }

  override func flush() -> ByteStream.Flush {
    hasTunnel ? connection.flush() : connection.flush(output)
  }

  override var isOutputEmpty: Bool {
    (hasTunnel ? connection.output.isEmpty : output.isEmpty)
      && !(connection.isSecure && connection.holdsCiphertext)
  }

  // MARK: The end

  override func abort() {
    let connection = connection
    release(staysOpen: false)
    connection.close(reset: true)
  }

  override func finish(isWhole: Bool) {
    let connection = connection
    let staysOpen = keepsOpen && isWhole
    if staysOpen {
      input.consume(kept.offset)
      if !input.isEmpty { connection.input.take(from: input) }
    }
    release(staysOpen: staysOpen)
    connection.exchangeEnded(keepsOpen: staysOpen)
  }

  override func withdraw() {
    let connection = connection
    release(staysOpen: false)
    connection.exchangeNotBegun()
  }

  private func release(staysOpen: Bool) {
    exchange.reset()
    // The connection's next request is likely to take it again.
    if !staysOpen { worker.loop.forgetDeadline(of: exchange) }
    if input.hasBlock { pool.reclaim(from: input) }
    if output.hasBlock { pool.reclaim(from: output) }
    hasTunnel = false
    unbind()
    worker.give(self)
  }

  override func hasLeft(mayHalfClose: Bool) -> Bool {
    let connection = connection
    return connection.isBroken || (connection.peerEnded && !mayHalfClose)
  }

  override var isBroken: Bool { connection.isBroken }

  // MARK: A tunnel

  override var tunnel: ByteStream? { connection }

  override func takeEarly(into out: Buffer) -> Int {
    let count = min(input.count - kept.offset, out.writableCount)
    guard count > 0 else { return 0 }
    out.append(input.readable.extracting(kept.offset..<kept.offset + count))
    input.removeSubrange(at: kept.offset, count: count)
    return count
  }

  override var hasEarly: Bool { input.count > kept.offset }
}
