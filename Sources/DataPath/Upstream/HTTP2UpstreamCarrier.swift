import HTTP2
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import TLS
import Transport

/// The places on an HTTP/2 connection to an endpoint: between its bytes, its session and the attempts.
///
/// ```
/// opening ──(connected, and h2 agreed)── open ──(GOAWAY, too old)── ending ──(no stream left)── closed
///    ├──(http/1.1 agreed)── its connection goes on without it
///    └──(error, deadline)── closed: each attempt that has a place hears `connectFailed`
/// ```
///
/// Places are handed out while it is still being opened, so that many who want the same endpoint wait for
/// one handshake. Confinement: the worker's loop.
final class HTTP2UpstreamCarrier: ConnectionReceiver {
  let connection: UpstreamConnection
  unowned let endpoint: WorkerEndpoint
  private let worker: Worker
  let wire: HTTP2Wire
  private let limits: SessionLimits
  private var streams: [HTTP2UpstreamStream] = []
  private(set) var isOpen = false
  /// It stands among the idle connections of its endpoint.
  var isParked = false
  private var isEnding = false

  init(_ connection: UpstreamConnection, _ endpoint: WorkerEndpoint) {
    self.connection = connection
    self.endpoint = endpoint
    worker = endpoint.upstream.worker
    var limits = SessionLimits()
    limits.head = endpoint.upstream.plan.headLimits
    limits.body = endpoint.upstream.plan.bodyLimits
    self.limits = limits
    wire = HTTP2Wire(
      connection, Session(asking: limits, worker.pool), worker: worker)
    super.init()
  }

  // Said outright, since the compiler refuses the one that it would make ("infinite recursion").
  override init() { preconditionFailure("a carrier has a connection") }

  var session: Session { wire.session }
  /// Nobody has a place.
  var isIdle: Bool { streams.isEmpty }

  /// One more may have a place.
  var hasRoom: Bool {
    guard !isEnding, connection.isOpen, !connection.isBroken, session.fault == nil,
      streams.count < session.peersStreamsMax
    else { return false }
    return !isOpen || !endpoint.isTooOld(connection)
  }

  /// A place. Precondition: there is room.
  func place() -> HTTP2UpstreamStream {
    let stream = HTTP2UpstreamStream(self, limits, worker: worker)
    streams.append(stream)
    return stream
  }

  // MARK: Events

  override func connectionReady(_ connection: UpstreamConnection) {
    if !isOpen, !begins() { return }
    proceed()
  }

  /// The connection is there; false: HTTP/1.1 is spoken on it.
  private func begins() -> Bool {
    if connection.isSecure, connection.session?.applicationProtocol != .http2 {
      endpoint.agreedOnHTTP1(self)
      return false
    }
    isOpen = true
    endpoint.agreesOnHTTP2 = true
    wire.gather {
      for stream in streams { stream.connected() }
    }
    // Others may wait behind a limit, or those who asked for it have left.
    endpoint.upstream.placeFreed(self, endpoint)
    return connection.isOpen
  }

  override func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {
    isEnding = true
    endpoint.closed(self, .connectFailed)
    let told = streams
    streams = []
    for stream in told { stream.connectFailed(failure) }
  }

  override func connectionDeadlinePassed(_ connection: UpstreamConnection) {
    endpoint.connectionDeadlinePassed(connection)
  }

  /// Something happened on the connection, or a stream has something to send.
  func proceed() {
    if wire.turn({ drainEvents() }), connection.isOpen { conclude() }
  }

  private func drainEvents() {
    while let event = session.takeEvent() {
      switch event {
      case .body(let record), .closed(let record): known(record)?.ready()
      case .moved(let record): known(record)?.moved()
      case .goAwayCame, .goAway: isEnding = true
      case .request: preconditionFailure("a server asked")
      }
    }
  }

  private func known(_ record: SessionStream) -> HTTP2UpstreamStream? {
    streams.first { $0.record === record }
  }

  private func conclude() {
    if connection.input.isEmpty { worker.pool.reclaim(from: connection.input) }
    let isGone = connection.isBroken || wire.hasEnded || session.fault != nil || session.isOver
    if isGone { return end(session.fault == nil ? .peer : .error) }
    if isEnding, isIdle { end(.peer) }
  }

  /// The connection is over, and with it what is under way.
  private func end(_ reason: UpstreamMetrics.Close) {
    isEnding = true
    let told = streams
    let failure = failure
    endpoint.close(self, reason)
    for stream in told { stream.connectionEnded(failure) }
  }

  /// What its end is called, where it did not simply close. In TLS 1.3 an endpoint that does not want our
  /// certificate says so behind the handshake.
  private var failure: FailureKind? {
    if connection.session?.failure?.reason == .alertReceived { return .tlsAlertReceived }
    if connection.isBroken { return .upstreamReset }
    return session.fault == nil && !session.isOver ? nil : .malformedResponse
  }

  // MARK: Streams

  /// `stream` gives its place back.
  func ended(_ stream: HTTP2UpstreamStream) {
    guard let index = streams.firstIndex(where: { $0 === stream }) else { return }
    streams.remove(at: index)
    session.forget(stream.record)
    guard connection.isOpen else { return }
    if isEnding {
      if isIdle { wire.owesOutput() }
      return
    }
    if isOpen { endpoint.upstream.placeFreed(self, endpoint) }
  }

  /// Those who wait for it, of whom the connection of HTTP/1.1 serves the first.
  func takeWaiting() -> [HTTP2UpstreamStream] {
    defer { streams = [] }
    return streams
  }
}
