import HTTP2
import Primitives
import Reactor
import Telemetry
import Transport

/// The streams of an HTTP/2 connection: between its bytes, its session and their exchanges.
///
/// ```
/// socket ─▶ input ─▶ session ─▶ events ─▶ exchanges ─▶ session ─▶ output ─▶ socket
/// ```
///
/// Frames of all streams that have something to say in a turn leave in one call to the kernel. A stream
/// is told of what is new for it alone, so a slow one holds up no other. Confinement: the worker's loop.
final class HTTP2Carrier {
  unowned let connection: DownstreamConnection
  private let worker: Worker
  private let pool: BufferPool
  private var made: HTTP2Wire?
  private var streams: [Int32: HTTP2DownstreamStream] = [:]
  /// What it was ended for is counted.
  private var isCounted = false
  /// How many requests it had served when it was last given time to wait for another.
  private var timedAt = UInt64.max
  /// Streams whose head has not ended: one at most (RFC 9113 §6.10), but for those of one receive.
  private var headless = 0
  private var isTimingHead = false

  init(_ connection: DownstreamConnection) {
    self.connection = connection
    worker = connection.worker
    pool = connection.worker.pool
    var limits = SessionLimits()
    limits.head = connection.settings.headLimits
    limits.body = connection.settings.bodyLimits
    made = HTTP2Wire(
      connection, Session(limits, pool) { [unowned self] in supply($0) }, worker: worker)
    worker.shard.add(worker.metrics.http2.connections)
  }

  var wire: HTTP2Wire {
    guard let made else { preconditionFailure("a connection without a session") }
    return made
  }

  var session: Session { wire.session }

  /// It serves no request.
  var isIdle: Bool { streams.isEmpty }

  private func supply(_ id: Int32) -> ServerStream {
    let stream = worker.takeHTTP2Stream()
    stream.bind(to: self)
    streams[id] = stream
    headless += 1
    worker.shard.add(worker.metrics.http2.streams)
    return stream.record
  }

  // MARK: Events

  /// Something happened on the connection, or a stream has something to send.
  func proceed() {
    if wire.turn({ drainEvents() }) { conclude() }
  }

  private func drainEvents() {
    while let event = session.takeEvent() {
      switch event {
      case .request(let record):
        guard let stream = known(record) else { continue }
        // Reset behind its head, in the same breath: nobody waits for an answer.
        if record.isClosed {
          stream.release()
        } else {
          headless -= 1
          stream.begin()
        }
        limitRequests()
      case .body(let record), .closed(let record):
        if let stream = known(record), stream.hasBegun { stream.ready() }
      case .moved(let record): known(record)?.moved()
      case .goAway(let code): worker.shard.add(worker.metrics.http2.goAway(code))
      case .goAwayCame: break
      }
    }
  }

  private func known(_ record: SessionStream) -> HTTP2DownstreamStream? {
    guard let stream = streams[record.id], stream.record === record else { return nil }
    return stream
  }

  private func limitRequests() {
    if connection.requestCount >= connection.settings.requestsPerConnectionMax ?? .max {
      session.beginDrain()
    }
  }

  // MARK: The end

  private func conclude() {
    if connection.input.isEmpty { pool.reclaim(from: connection.input) }
    if let fault = session.fault, !isCounted {
      isCounted = true
      worker.shard.add(worker.metrics.http2.flood(fault))
    }
    let hasEnded = wire.hasEnded
    if connection.isBroken || hasEnded || session.fault != nil { endStreams() }
    guard connection.isOpen else { return }
    let isSent = wire.isSent
    if connection.isBroken || (hasEnded && isSent), isIdle { return connection.close() }
    if session.isOver, isSent {
      endStreams()
      return connection.linger()
    }
    timeHead()
    // Frames that are no requests do not keep it.
    if isIdle, timedAt != connection.requestCount {
      timedAt = connection.requestCount
      connection.idleBegins()
    }
  }

  /// A head has the time that one of HTTP/1 has, though no exchange times it yet.
  private func timeHead() {
    guard headless > 0 else {
      if isTimingHead { timedAt = .max }
      isTimingHead = false
      return
    }
    guard !isTimingHead else { return }
    isTimingHead = true
    let time = connection.settings.requestHeadNanoseconds
    worker.loop.arm(connection, at: worker.loop.now.advanced(byNanoseconds: time))
  }

  /// The exchanges learn that their client is gone.
  private func endStreams() {
    let isHalfClosed =
      wire.hasEnded && !connection.isBroken && session.fault == nil && !session.isOver
    wire.gather {
      for stream in Array(streams.values) {
        // It has ended its direction behind its requests, and waits for what the listener answers.
        if isHalfClosed, connection.settings.answersHalfClosed, stream.record.isEnded { continue }
        if stream.hasBegun { stream.exchange.fail(.downstreamClosed) } else { stream.release() }
      }
    }
  }

  /// `stream` is not served any more.
  func ended(_ stream: HTTP2DownstreamStream) {
    if !stream.hasBegun { headless -= 1 }
    session.forget(stream.record)
    if streams[stream.record.id] === stream { streams[stream.record.id] = nil }
    if isIdle { wire.owesOutput() }
  }

  /// All requests under way fail so.
  func abandon(_ failure: FailureKind) {
    for stream in Array(streams.values) {
      if stream.hasBegun { stream.exchange.fail(failure) } else { stream.release() }
    }
    session.terminate(.noError)
    wire.send()
    proceed()
  }

  /// The client is told to go elsewhere, and closes when it has its answers.
  func drain() {
    session.beginDrain()
    wire.owesOutput()
  }

  /// It has been without a request for long, or its round trip at a drain is over.
  func endIdle() {
    // A request may be in the socket whose event is not among those of this turn.
    connection.expectBytes()
    proceed()
    guard connection.isOpen else { return }
    if isTimingHead {
      session.giveUpHead()
    } else if isIdle {
      session.terminate(.noError)
    } else if session.isDraining {
      session.endDrain()
    }
    proceed()
    // It does not even take that.
    if isIdle, connection.isOpen, !wire.isSent {
      connection.close(reset: true)
    }
  }

  // MARK: Codes

  /// What a client is told of an answer that is cut (RFC 9113 §7).
  static func code(of failure: FailureKind?) -> ErrorCode {
    guard let failure else { return .internalError }
    return switch failure {
    case .malformedRequest: .protocolError
    // A client of gRPC takes this for DEADLINE_EXCEEDED, once its deadline has passed.
    case .downstreamClosed, .drainTimeout, .totalTimeout: .cancel
    case .requestBodyTooSlow, .downstreamWriteStalled, .bufferBudgetExceeded: .enhanceYourCalm
    default: .internalError
    }
  }
}
