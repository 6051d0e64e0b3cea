import HTTP2
import HTTPModel
import Primitives
import Reactor
import Telemetry
import Transport
import Upstreams

/// A request on an HTTP/2 connection and its answer.
///
/// What came stands in the session's stream, which belongs to this one for good; what goes out waits
/// there for the client's window. The connection serves many at once and tells each when something is
/// new, so nothing is received here. Confinement: the worker's loop.
final class HTTP2DownstreamStream: DownstreamStream {
  let record = ServerStream()
  private var carrierOrNone: HTTP2Carrier?
  /// The exchange has begun: its head was whole.
  private(set) var hasBegun = false
  /// Its answer waits for the client.
  private(set) var isBlocked = false
  private var keeps = false
  private var hasOutgrown = false
  /// Something of the body has come since it was asked for last.
  private var hasNews = false
  private(set) var waitsToContinue = false

  init(worker: Worker) {
    super.init(worker: worker, head: record.head, headBlock: record.headBlock)
  }

  /// Precondition: a request is under way.
  private var carrier: HTTP2Carrier {
    guard let carrierOrNone else { preconditionFailure("a stream without a connection") }
    return carrierOrNone
  }

  /// A request's first frame has come.
  func bind(to carrier: HTTP2Carrier) {
    carrierOrNone = carrier
    bind(carrier.connection)
  }

  /// All of its head has come.
  func begin() {
    hasBegun = true
    exchange.begin(self, on: connection, connection.listener)
  }

  /// More of the body has come, or the stream is gone.
  func ready() {
    hasNews = true
    exchange.downstreamReady(self)
  }

  /// The client has taken some of the answer.
  func moved() {
    if isBlocked { exchange.downstreamReady(self) }
  }

  // MARK: Head

  override func readHead() -> HeadRead {
    connection.requestCount += 1
    guard let fault = record.headFault else {
      headPart = .whole
      headBytes = headBlock.count
      waitsToContinue = head.expectsContinue && head.hasBody && record.unreadCount == 0
      keepsOpen(true)
      return .whole
    }
    if record.lacksMemory { return .failed(.bufferBudgetExceeded, "") }
    worker.shard.add(worker.metrics.request(fault))
    return .failed(fault.requestFailure, fault.name)
  }

  override func salvageHead() { headPart = record.salvage() }

  override var awaitsContinue: Bool { waitsToContinue }
  override var protocolName: StaticString { "HTTP/2" }
  override var protocolVersion: StaticString { "2" }

  // MARK: Body

  override func move(
    into sink: MessageStream, upTo most: Int, _ edits: () -> HeaderEdits
  ) -> Moved {
    movedBytes = 0
    let record = record
    if let fault = record.bodyFault {
      worker.shard.add(worker.metrics.request(fault))
      self.fault = Fault(kind: fault.requestFailure, detail: fault.name)
      return .failed
    }
    if record.lacksMemory {
      fault = Fault(kind: .bufferBudgetExceeded, detail: "")
      return .failed
    }
    movedBytes = record.move(into: sink, upTo: most, carrier.session)
    if movedBytes > 0 { carrier.wire.owesOutput() }
    if record.unreadCount > 0 { return .full }
    if keeps, record.keptBytesMax == 0 {
      keeps = false
      hasOutgrown = true
    }
    guard record.isEnded else { return .all }
    return sink.putEnd(of: self, edits) ? .ended : .full
  }

  /// The connection receives for all its streams: what came is here already.
  override func receive(towards sink: MessageStream, upTo most: Int) -> Received {
    if hasNews {
      hasNews = false
      return .bytes(0)
    }
    return record.isClosed && !record.isEnded ? .failed(.downstreamClosed) : .nothing
  }

  override func appendTrailers(_ edits: HeaderEdits, to out: Buffer) -> Bool {
    record.appendTrailers(edits, to: out)
  }

  override func keep(upTo most: Int) {
    guard head.hasBody, most > 0 else { return }
    if case .known(let length) = head.length, length > UInt64(most) {
      hasOutgrown = true
      return
    }
    keeps = true
    record.keep(upTo: most)
  }

  override var unrepeatableBytes: UInt64 { record.goneBytes }
  override var bodyOutgrew: Bool { hasOutgrown }
  override func rewind() { record.rewind() }

  override func skipBody() -> Bool {
    guard record.isEnded, record.bodyFault == nil else { return false }
    record.skip()
    return true
  }

  // MARK: The answer

  override func makeOutput(for answer: UpstreamStream) -> Bool {
    makeOutput(headBytes: answer.headBytes, answer.head.length)
  }

  override func putHead(of answer: UpstreamStream, _ edits: HeaderEdits) -> Bool {
    if connection.isDraining { carrier.session.beginDrain() }
    return writeHead(of: answer, edits)
  }

  override func putInterim(of answer: UpstreamStream) {
    let fields = FieldList()
    guard pool.lend(to: fields.text, atLeast: BufferPool.largeBytes) else { return }
    if writeInterim(of: answer, to: fields) {
      carrier.session.submitInterim(fields, on: record)
      carrier.wire.owesOutput()
    }
    pool.reclaim(from: fields.text)
  }

  /// No protocol follows an answer in HTTP/2 (RFC 9113 §8.6), and none was asked for.
  override func putUpgrade(of answer: UpstreamStream) -> Bool { false }

  override func put(_ reply: LocalReply) -> Bool {
    if connection.isDraining { carrier.session.beginDrain() }
    return write(reply)
  }

  override func takeBackHead() -> Bool {
    guard !record.isHeadSubmitted else { return false }
    record.fields.removeAll()
    record.trailerFields.removeAll()
    record.output.removeAll()
    record.outputEnds = false
    return true
  }

  override var payloadRoom: Int { record.output.writableCount }
  override func put(_ payload: Span<UInt8>) { record.output.append(payload) }

  override func payloadBuffer(_ expected: UInt64) -> Buffer? {
    pool.enlarge(record.output, for: expected)
    return record.output
  }

  override func putEnd(of source: MessageStream, _ edits: () -> HeaderEdits) -> Bool {
    let fits = record.putTrailers(pool) {
      exchange.appendTrailers(of: source, edits(), to: $0)
    }
    guard fits else { return false }
    record.outputEnds = true
    return true
  }

  override func flush() -> ByteStream.Flush {
    guard !isBroken || record.isEndSent else { return .failed(.connectionReset) }
    let before = record.output.count
    let hadHead = record.isHeadSubmitted || record.fields.isEmpty
    if !hadHead {
      carrier.session.submitHead(of: record)
      record.fields.removeAll()
      pool.reclaim(from: record.fields.text)
    }
    carrier.session.resume(record)
    carrier.wire.sendSoon()
    isBlocked = !isOutputEmpty
    guard isBlocked else { return .drained }
    return .blocked(tookSome: record.output.count < before || !hadHead)
  }

  override var isOutputEmpty: Bool {
    record.output.isEmpty && (record.fields.isEmpty || record.isHeadSubmitted)
      && (!record.outputEnds || record.isEndSent)
  }

  // MARK: The end

  override func abort() {
    let code = HTTP2Carrier.code(of: exchange.failure)
    carrier.session.reset(record, code, isPeersFault: isPeersFault)
    carrier.wire.owesOutput()
    release()
  }

  override func finish(isWhole: Bool) {
    if record.headFault != nil || record.bodyFault != nil {
      carrier.session.reset(record, .protocolError, isPeersFault: isPeersFault)
    } else if !record.isEnded {
      // RFC 9113 §8.1: an early answer is whole; the rest of the request is not wanted.
      carrier.session.reset(record, .noError)
    }
    carrier.wire.owesOutput()
    release()
  }

  private var isPeersFault: Bool { record.headFault != nil || record.bodyFault != nil }

  override func withdraw() { release() }

  /// Ready for the next request, here or elsewhere.
  func release() {
    let carrier = carrier
    if hasBegun { exchange.reset() }
    worker.loop.forgetDeadline(of: exchange)
    carrier.ended(self)
    record.giveBuffers(to: pool)
    carrierOrNone = nil
    hasBegun = false
    isBlocked = false
    keeps = false
    hasOutgrown = false
    hasNews = false
    waitsToContinue = false
    unbind()
    worker.give(self)
  }

  override func hasLeft(mayHalfClose: Bool) -> Bool {
    isBroken || (connection.peerEnded && !mayHalfClose)
  }

  override var isBroken: Bool {
    connection.isBroken || carrier.session.fault != nil || (record.isClosed && !record.isEndSent)
  }

  // MARK: No tunnel

  override func takeEarly(into out: Buffer) -> Int { 0 }
  override var hasEarly: Bool { false }
}
