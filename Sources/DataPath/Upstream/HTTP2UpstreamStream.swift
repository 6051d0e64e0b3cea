import HTTP2
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Telemetry
import Transport

/// A request on an HTTP/2 connection to an endpoint, and its answer.
///
/// What came stands in the session's stream, what goes out waits there for the endpoint's window. The
/// connection serves many at once and tells each when something is new, so nothing is received here.
/// Confinement: the worker's loop.
final class HTTP2UpstreamStream: UpstreamStream {
  let record: ClientStream
  private var carrierOrNone: HTTP2UpstreamCarrier?
  private let limits: SessionLimits
  private let connection: UpstreamConnection
  /// Who has the place.
  private var attempt: Attempt?
  private var number: UInt64 = 0
  /// Something of the answer has come since it was asked for last.
  private var hasNews = false
  /// The request waits for the endpoint.
  private var isBlocked = false
  /// The connection has ended below it.
  private var isCutOff = false
  private var cutOffBy: FailureKind?

  init(_ carrier: HTTP2UpstreamCarrier, _ limits: SessionLimits, worker: Worker) {
    record = ClientStream()
    carrierOrNone = carrier
    connection = carrier.connection
    self.limits = limits
    super.init(worker: worker, headBlock: record.headBlock, head: record.head)
    isConnected = carrier.isOpen
  }

  /// Precondition: it has its place.
  private var carrier: HTTP2UpstreamCarrier {
    guard let carrierOrNone else { preconditionFailure("a stream without a connection") }
    return carrierOrNone
  }

  // MARK: Told by the carrier

  func connected() {
    isConnected = true
    attempt?.connectionReady(connection)
  }

  /// Its attempt, which has no place any more.
  func leaves() -> Attempt? {
    defer {
      attempt = nil
      carrierOrNone = nil
    }
    return attempt
  }

  func connectFailed(_ failure: FailureKind) { attempt?.connectFailed(connection, failure) }

  func ready() {
    hasNews = true
    attempt?.connectionReady(connection)
  }

  func moved() {
    if isBlocked { attempt?.connectionReady(connection) }
  }

  /// `failure`: what it is called where it did not simply close.
  func connectionEnded(_ failure: FailureKind?) {
    isCutOff = true
    cutOffBy = failure
    ready()
  }

  // MARK: The place

  override func lend(to attempt: Attempt) { self.attempt = attempt }
  override var openedAt: Instant { connection.openedAt }
  override var requestNumber: UInt64 { number }
  override var isAnsweredTooEarly: Bool { false }
  override var mayReceive: Bool { hasNews || isBroken }
  override var isPersistent: Bool { true }
  override var isPrivate: Bool { false }
  override var headBytesMax: Int { limits.head.headBytesMax }

  /// A frame of it that left may have been acted upon, unless the endpoint says that it was not.
  override var bytesWritten: UInt64 { record.isHeadSent && !record.isRefused ? 1 : 0 }

  override var isBroken: Bool {
    (isCutOff || record.isClosed || connection.isBroken) && !record.isEnded
  }

  /// A stream that the endpoint ended by itself says nothing of its connection.
  override var endedWithConnection: Bool { isCutOff || record.isRefused }

  override func requestIsOut() {
    for buffer in [record.output, record.fields.text] where buffer.hasBlock {
      pool.reclaim(from: buffer)
    }
  }

  // MARK: Head

  override func putHead(
    of exchange: Exchange, _ downstream: DownstreamStream, _ route: Route,
    to endpoint: WorkerEndpoint
  ) -> HeadPut {
    guard let settings = exchange.settings else { return .tooLarge }
    connection.requestCount += 1
    number = connection.requestCount
    record.begin(downstream.head.method, limits)
    // A little longer than what the client sent.
    let isLarge = downstream.headBlock.count > BufferPool.smallBytes * 3 / 4
    guard
      pool.lend(
        to: record.fields.text, atLeast: isLarge ? BufferPool.largeBytes : BufferPool.smallBytes)
    else { return .noRoom }
    if downstream.head.hasBody, !pool.lend(to: record.output) { return .noRoom }
    record.outputEnds = !downstream.head.hasBody
    let fits = writeHead(of: exchange, downstream, route, settings, to: endpoint)
    return fits ? .whole : .tooLarge
  }

  override func readHead(answering method: Method, received: () -> Void) -> HeadRead {
    if hasNews {
      hasNews = false
      received()
    }
    guard record.isHeadReady else {
      return isBroken ? .failed(brokenKind(.upstreamClosed), "") : .incomplete
    }
    if record.lacksMemory { return .noRoom }
    if let fault = record.headFault {
      worker.shard.add(worker.metrics.response(fault))
      return .failed(fault.responseFailure, fault.name)
    }
    headBytes = record.headBlock.count
    return .whole
  }

  /// What an end in the middle is called.
  private func brokenKind(_ atEnd: FailureKind) -> FailureKind {
    if let cutOffBy { return cutOffBy }
    return record.resetCode == nil ? atEnd : .upstreamReset
  }

  override func readStatus() -> StatusRead {
    guard record.isHeadReady else { return .incomplete }
    return record.headFault == nil ? .known(head.status) : .none
  }

  override func receive() -> Received {
    hasNews = false
    if record.isHeadReady { return .bytes(0) }
    return isBroken ? .failed(brokenKind(.upstreamClosed)) : .nothing
  }

  override func passHead() { record.passHead(pool) }
  override func rereadHead() {}

  override func skipAnswer() -> Bool {
    guard record.isEnded, record.bodyFault == nil else { return false }
    record.skip()
    return true
  }

  // MARK: Body

  override func move(
    into sink: MessageStream, upTo most: Int, _ edits: () -> HeaderEdits
  ) -> Moved {
    movedBytes = 0
    if let fault = record.bodyFault {
      worker.shard.add(worker.metrics.response(fault))
      // Less than was declared is an answer that was cut.
      let isCut = fault == .lengthDiffers && record.isEnded
      self.fault = Fault(
        kind: isCut ? .responseIncomplete : fault.responseFailure, detail: fault.name)
      return .failed
    }
    if record.lacksMemory {
      fault = Fault(kind: .bufferBudgetExceeded, detail: "")
      return .failed
    }
    movedBytes = record.move(into: sink, upTo: most, carrier.session)
    if movedBytes > 0 { carrier.wire.owesOutput() }
    if record.unreadCount > 0 { return .full }
    guard record.isEnded else { return .all }
    return sink.putEnd(of: self, edits) ? .ended : .full
  }

  override func receive(towards sink: MessageStream, upTo most: Int) -> Received {
    if hasNews {
      hasNews = false
      return .bytes(0)
    }
    return isBroken ? .failed(brokenKind(.responseIncomplete)) : .nothing
  }

  override func appendTrailers(_ edits: HeaderEdits, to out: Buffer) -> Bool {
    record.appendTrailers(edits, to: out)
  }

  /// There is no such change in HTTP/2 (RFC 9113 §8.6).
  override func isUpgradeAgreed(to request: DownstreamStream) -> Bool { false }

  // MARK: Payload of the request

  override var payloadRoom: Int { record.output.writableCount }
  override func put(_ payload: Span<UInt8>) { record.output.append(payload) }

  override func payloadBuffer(_ expected: UInt64) -> Buffer? {
    pool.enlarge(record.output, for: expected)
    return record.output
  }

  override func putEnd(of source: MessageStream, _ edits: () -> HeaderEdits) -> Bool {
    guard record.putTrailers(pool, { source.appendTrailers(edits(), to: $0) }) else { return false }
    record.outputEnds = true
    return true
  }

  override func flush() -> ByteStream.Flush {
    guard !isCutOff, !record.isClosed else { return .failed(.connectionReset) }
    let before = record.output.count
    let hadHead = record.isHeadSubmitted
    let session = carrier.session
    if !hadHead, !session.submitRequest(record) { return .failed(.connectionReset) }
    session.resume(record)
    carrier.wire.sendSoon()
    isBlocked = !isOutputEmpty
    guard isBlocked else { return .drained }
    return .blocked(tookSome: record.output.count < before || !hadHead)
  }

  override var isOutputEmpty: Bool {
    record.isHeadSubmitted && record.output.isEmpty && (!record.outputEnds || record.isEndSent)
  }

  // MARK: The end

  override func reuse(afterUpgradeAsked: Bool) -> UpstreamMetrics.Close? { nil }

  override func checkIn(to upstream: WorkerUpstream, _ endpoint: WorkerEndpoint) { release() }

  /// No login belongs to a connection of HTTP/2: its streams are strangers to each other.
  override func keep(for client: DownstreamConnection, _ endpoint: WorkerEndpoint) { release() }

  override func close(
    at endpoint: WorkerEndpoint, _ reason: UpstreamMetrics.Close, reset: Bool
  ) {
    if record.isHeadSubmitted, !record.isClosed, !isCutOff {
      let isTheirs = record.headFault != nil || record.bodyFault != nil
      carrier.session.reset(record, isTheirs ? .protocolError : .cancel, isPeersFault: isTheirs)
      carrier.wire.owesOutput()
    }
    release()
  }

  private func release() {
    guard let carrier = carrierOrNone else { return }
    attempt = nil
    carrierOrNone = nil
    record.giveBuffers(to: pool)
    carrier.ended(self)
  }

  // MARK: No tunnel

  override func takeEarly(into out: Buffer) -> Int { 0 }
  override var hasEarly: Bool { false }
}
