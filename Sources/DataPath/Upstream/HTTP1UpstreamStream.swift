import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import TLS
import Telemetry
import Transport

/// The requests on an HTTP/1.1 connection to an endpoint, one at a time, and their answers.
///
/// One a connection, for as long as that lasts; the endpoint keeps it while nobody has it.
final class HTTP1UpstreamStream: UpstreamStream {
  let connection: UpstreamConnection
  private let input: Buffer
  private let output: Buffer
  /// `head`, as HTTP/1 says it.
  private let http1Head = HTTP1ResponseHead()
  private let body = BodyDecoder()
  /// The request's payload is sent in chunks.
  var sendsChunks = false

  init(_ connection: UpstreamConnection, worker: Worker) {
    self.connection = connection
    input = connection.input
    output = connection.output
    super.init(worker: worker, headBlock: connection.input, head: http1Head)
  }

  /// It is no longer idle.
  func disarm() { worker.loop.disarm(connection) }

  override func lend(to attempt: Attempt) { connection.borrower = attempt }
  override var openedAt: Instant { connection.openedAt }
  override var requestNumber: UInt64 { connection.requestCount }
  override var bytesWritten: UInt64 { connection.attemptBytesSent }
  override var isBroken: Bool { connection.isBroken }
  override var isAnsweredTooEarly: Bool { connection.isAnsweredTooEarly }
  override var mayReceive: Bool { connection.mayReceive }
  override var isPersistent: Bool { http1Head.isPersistent }
  override var isPrivate: Bool { connection.isPrivate }
  override var tunnel: ByteStream? { connection }
  override var headBytesMax: Int { connection.decoder.limits.headBytesMax }
  override func requestIsOut() { pool.reclaim(from: output) }

  // MARK: Head

  override func putHead(
    of exchange: Exchange, _ downstream: DownstreamStream, _ route: Route,
    to endpoint: WorkerEndpoint
  ) -> HeadPut {
    guard let settings = exchange.settings else { return .tooLarge }
    connection.beginAttempt()
    let out = output
    // A little longer than what the client sent.
    let isLarge = downstream.headBlock.count > BufferPool.smallBytes * 3 / 4
    guard pool.lend(to: out, atLeast: isLarge ? BufferPool.largeBytes : BufferPool.smallBytes)
    else { return .noRoom }
    let fits = writeHead(of: exchange, downstream, route, settings, to: endpoint, out)
    return fits ? .whole : .tooLarge
  }

  override func readHead(answering method: Method, received: () -> Void) -> HeadRead {
    let input = input
    while true {
      if !input.isEmpty {
        do throws(HeadFault) {
          if try connection.decoder.decode(input.readable, answering: method, into: http1Head) {
            headBytes = http1Head.headBytes
            return .whole
          }
        } catch {
          worker.shard.add(worker.metrics.response(error))
          return .failed(error.responseFailure, error.name)
        }
      }
      guard connection.mayReceive else { return .incomplete }
      guard pool.makeRoom(in: input) else { return .noRoom }
      switch connection.receive(into: input) {
      case .bytes: received()
      case .wouldBlock: return .incomplete
      case .endOfStream:
        return .failed(input.isEmpty ? .upstreamClosed : .responseIncomplete, "")
      case .failed: return .failed(brokenKind, "")
      }
    }
  }

  /// What a broken connection is called. In TLS 1.3 an endpoint that does not want our certificate says so
  /// behind the handshake.
  private var brokenKind: FailureKind {
    connection.session?.failure?.reason == .alertReceived ? .tlsAlertReceived : .upstreamReset
  }

  /// How far a status line must be there for its status to be known: `HTTP/1.1 200`.
  private static let statusEnd = 12

  override func readStatus() -> StatusRead {
    let input = input
    let bytes = input.readable
    guard bytes.count >= Self.statusEnd else { return .incomplete }
    guard bytes[8] == 0x20, let status = Token.decimal(bytes.extracting(9..<Self.statusEnd)) else {
      return .none
    }
    return .known(UInt16(clamping: status))
  }

  override func receive() -> Received {
    guard pool.makeRoom(in: input) else { return .failed(.bufferBudgetExceeded) }
    switch connection.receive(into: input) {
    case .bytes(let count): return .bytes(count)
    case .wouldBlock: return connection.isBroken ? .failed(.upstreamReset) : .nothing
    case .endOfStream: return .failed(.upstreamClosed)
    case .failed: return .failed(.upstreamReset)
    }
  }

  override func passHead() {
    input.consume(headBytes)
    if head.status >= 200 { body.begin(http1Head.framing, connection.bodyLimits) }
  }

  override func rereadHead() { connection.decoder.reset() }

  override func skipAnswer() -> Bool {
    input.consume(headBytes)
    switch http1Head.framing {
    case .none: return true
    case .length(let length) where length <= UInt64(input.count):
      input.consume(Int(length))
      return true
    case .length, .chunked, .untilClose: return false
    }
  }

  // MARK: Body

  override func move(
    into sink: MessageStream, upTo most: Int, _ edits: () -> HeaderEdits
  ) -> Moved {
    movedBytes = 0
    let input = input
    while !body.isComplete, !input.isEmpty {
      let room = min(sink.payloadRoom, most - movedBytes)
      guard room > 0 else { return .full }
      let bytes = input.readable
      let offered = bytes.extracting(0..<min(bytes.count, room))
      let step: BodyStep
      do throws(BodyFault) {
        step = try body.decode(offered)
      } catch {
        worker.shard.add(worker.metrics.response(error))
        fault = Fault(kind: error.responseFailure, detail: error.name)
        return .failed
      }
      if step.isStuck {
        // The end of what was offered may cut a chunk's head that the input holds whole.
        return offered.count < bytes.count ? .full : .all
      }
      if step.payload > 0 {
        movedBytes += step.payload
        sink.put(offered.extracting(step.framing..<step.framing + step.payload))
      }
      input.consume(step.framing + step.payload)
    }
    guard body.isComplete else { return .all }
    return sink.putEnd(of: self, edits) ? .ended : .full
  }

  override func receive(towards sink: MessageStream, upTo most: Int) -> Received {
    guard connection.mayReceive else { return .nothing }
    let result: IOResult
    var direct = 0
    if input.isEmpty, let expected = body.directBytes,
      let out = sink.payloadBuffer(expected)
    {
      result = connection.receive(into: out, upTo: min(Int(clamping: expected), most))
      if case .bytes(let count) = result {
        body.received(count)
        direct = count
      }
    } else {
      guard pool.makeRoom(in: input) else { return .failed(.bufferBudgetExceeded) }
      result = connection.receive(into: input)
    }
    switch result {
    case .bytes: return .bytes(direct)
    case .wouldBlock: return .nothing
    // Where the end of the connection is that of the body, it is taken next.
    case .endOfStream: return body.endOfInput() ? .bytes(direct) : .failed(.responseIncomplete)
    case .failed: return .failed(.upstreamReset)
    }
  }

  override func appendTrailers(_ edits: HeaderEdits, to out: Buffer) -> Bool {
    body.appendTrailers(
      omitting: edits.omitted, others: edits.others, nominatesOthers: head.nominatesOthers, to: out)
  }

  override func isUpgradeAgreed(to request: DownstreamStream) -> Bool {
    let answer = headBlock
    let asked = request.headBlock
    return UpgradeField.isAgreed(head, answer.readable, to: request.head, asked.readable)
  }

  // MARK: Payload of the request

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
      || ChunkEncoder.appendEnd(to: output) { source.appendTrailers(edits(), to: $0) }
  }

  override func flush() -> ByteStream.Flush { connection.flush() }
  override var isOutputEmpty: Bool {
    output.isEmpty && !(connection.isSecure && connection.holdsCiphertext)
  }

  override func takeEarly(into out: Buffer) -> Int {
    let input = input
    let count = min(input.count, out.writableCount)
    guard count > 0 else { return 0 }
    out.append(input.readable.extracting(0..<count))
    input.consume(count)
    return count
  }

  override var hasEarly: Bool { !input.isEmpty }

  // MARK: The end

  override func reuse(afterUpgradeAsked: Bool) -> UpstreamMetrics.Close? {
    // What was asked to change its protocol is not trusted to speak the old one.
    guard http1Head.isPersistent, !afterUpgradeAsked else { return .notPersistent }
    // Bytes behind the answer belong to no request of ours.
    guard input.isEmpty, isDrained() else { return .unsolicited }
    connection.giveBuffers(to: pool)
    return nil
  }

  override func checkIn(to upstream: WorkerUpstream, _ endpoint: WorkerEndpoint) {
    upstream.checkIn(self, endpoint)
  }

  override func keep(for client: DownstreamConnection, _ endpoint: WorkerEndpoint) {
    endpoint.makePrivate(connection)
    client.keep(self, endpoint)
  }

  /// Nothing waits in the socket. Known without a call after a short receive; a body that was
  /// received to its exact end needs one.
  private func isDrained() -> Bool {
    guard connection.mayReceive else { return true }
    return pool.lend(to: input)
      && connection.receive(into: input) == .wouldBlock
  }

  override func close(
    at endpoint: WorkerEndpoint, _ reason: UpstreamMetrics.Close, reset: Bool
  ) {
    if connection.isOpen {
      endpoint.close(self, reason, reset: reset)
    } else {
      endpoint.forget(connection, .connectFailed)
    }
  }
}
