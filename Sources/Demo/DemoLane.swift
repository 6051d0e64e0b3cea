import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor

/// One connection of the demo's traffic to the proxy: one request after another.
///
/// Confinement: its loop. It tells its `DemoTraffic` how each request ended.
package final class DemoLane: ConnectionReceiver {
  /// Longer than any route of the demo may take.
  private static let patience: Duration = .seconds(5)

  private let loop: EventLoop
  private let pool: BufferPool
  private let target: SocketAddress
  private unowned let traffic: DemoTraffic
  private var connection: UpstreamConnection?
  private let head = HTTP1ResponseHead()
  private var body: BodyDecoder?
  private var request: DemoRequest?
  private var sentAt = Instant(nanoseconds: 0)

  init(loop: EventLoop, pool: BufferPool, target: SocketAddress, traffic: DemoTraffic) {
    self.loop = loop
    self.pool = pool
    self.target = target
    self.traffic = traffic
    super.init()
  }

  /// Precondition: none is on its way here.
  func send(_ request: DemoRequest) {
    precondition(self.request == nil, "a lane has one request at a time")
    self.request = request
    sentAt = loop.now
    guard let connection, connection.isOpen else { return connect() }
    write(connection, request)
  }

  private func connect() {
    let fresh = UpstreamConnection(id: 0, owner: self, loop: loop, limits: HeadLimits())
    do throws(Errno) {
      try fresh.open(to: target, deadline: loop.now.advanced(by: .seconds(1)))
      connection = fresh
    } catch {
      fail()
    }
  }

  private func write(_ connection: UpstreamConnection, _ request: DemoRequest) {
    guard pool.lend(to: connection.output) else { return fail() }
    let out = connection.output
    connection.beginAttempt()
    loop.arm(connection, at: loop.now.advanced(by: Self.patience))
    let type = request.body.isEmpty ? "" : "content-type: application/fhir+json\r\n"
    out.append(
      text: "\(request.method) \(request.path) HTTP/1.1\r\nhost: demo.ndp.test\r\n\(type)"
        + "content-length: \(request.body.utf8.count)\r\n\r\n\(request.body)")
    if connection.flush() != .drained { fail() }
  }

  package override func connectionReady(_ connection: UpstreamConnection) {
    if connection.requestCount == 0, let request { return write(connection, request) }
    guard pool.lend(to: connection.input) else { return fail() }
    let input = connection.input
    while true {
      switch connection.receive(into: input) {
      case .bytes: break
      case .wouldBlock: return
      case .endOfStream, .failed: return fail()
      }
      do {
        if try isWhole(connection, input) { return finish() }
      } catch {
        return fail()
      }
    }
  }

  private func isWhole(_ connection: UpstreamConnection, _ input: Buffer) throws -> Bool {
    if body == nil {
      guard
        try connection.decoder.decode(
          input.readable, answering: request?.method == "POST" ? .post : .get, into: head)
      else {
        return false
      }
      input.consume(head.headBytes)
      body = BodyDecoder(framing: head.framing)
    }
    while let decoder = body, !decoder.isComplete {
      let step = try decoder.decode(input.readable)
      if step.isStuck { return false }
      input.consume(step.framing + step.payload)
    }
    body = nil
    return true
  }

  private func finish() {
    guard let request else { return fail() }
    self.request = nil
    if let connection { leave(connection) }
    traffic.ended(
      self, request, status: Int(head.status), nanoseconds: loop.now.nanoseconds(since: sentAt))
  }

  /// Keeps it for the next request, unless the proxy will close it.
  private func leave(_ connection: UpstreamConnection) {
    connection.giveBuffers(to: pool)
    if head.isPersistent, !connection.peerEnded { return loop.disarm(connection) }
    connection.close()
    self.connection = nil
  }

  /// Precondition: no request is on its way.
  func close() {
    precondition(request == nil, "a request would be lost")
    body = nil
    connection?.giveBuffers(to: pool)
    connection?.close()
    connection = nil
  }

  /// The connection has ended: without a request that is no failure.
  private func fail() {
    let request = request
    self.request = nil
    close()
    guard let request else { return }
    traffic.ended(
      self, request, status: nil, nanoseconds: loop.now.nanoseconds(since: sentAt))
  }

  package override func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {
    fail()
  }

  package override func connectionDeadlinePassed(_ connection: UpstreamConnection) {
    fail()
  }
}
