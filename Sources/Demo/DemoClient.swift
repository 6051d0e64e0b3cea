import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor

/// The demo's trickle of traffic: one request after another through the proxy, and how long each
/// took, by service.
package final class DemoClient: ConnectionReceiver {
  private let loop: EventLoop
  private let pool: BufferPool
  private let target: SocketAddress
  private let requests: [DemoRequest]
  private let pause: Duration
  private var connection: UpstreamConnection?
  private let head = ResponseHead()
  private var body: BodyDecoder?
  private var sentAt = Instant(nanoseconds: 0)
  private var count = 0
  private var pacer: Heartbeat?
  /// A request is on its way; else an end of the connection is no failure.
  private var isWaiting = false
  private var hasStopped = false
  private(set) var latencies: [DemoLatencies]
  private(set) var failures = 0

  init(
    loop: EventLoop, pool: BufferPool, target: SocketAddress, requests: [DemoRequest],
    pause: Duration
  ) throws(Errno) {
    self.loop = loop
    self.pool = pool
    self.target = target
    self.requests = requests
    self.pause = pause
    let most = requests.map(\.service).max() ?? 0
    latencies = [DemoLatencies](repeating: DemoLatencies(), count: most + 1)
    super.init()
    pacer = try Heartbeat(on: loop) { [unowned self] in send() }
    pacer?.arm(at: loop.now)
  }

  /// Ends a second.
  func turn() {
    for index in latencies.indices { latencies[index].turn() }
  }

  private var request: DemoRequest { requests[count % requests.count] }

  /// No request after this.
  func stop() {
    hasStopped = true
  }

  private func send() {
    guard !hasStopped else { return }
    isWaiting = true
    sentAt = loop.now
    guard let connection, connection.isOpen else { return connect() }
    write(connection)
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

  private func write(_ connection: UpstreamConnection) {
    guard pool.lend(to: connection.output) else { return fail() }
    let out = connection.output
    connection.beginAttempt()
    let request = request
    let type = request.body.isEmpty ? "" : "content-type: application/fhir+json\r\n"
    out.append(
      text: "\(request.method) \(request.path) HTTP/1.1\r\nhost: demo.ndp.test\r\n\(type)"
        + "content-length: \(request.body.utf8.count)\r\n\r\n\(request.body)")
    if connection.flush() != .drained { fail() }
  }

  package override func connectionReady(_ connection: UpstreamConnection) {
    if connection.requestCount == 0 { return write(connection) }
    guard pool.lend(to: connection.input) else { return fail() }
    let input = connection.input
    while true {
      switch connection.receive(into: input) {
      case .bytes: break
      case .wouldBlock: return
      case .endOfStream, .failed: return fail()
      }
      do {
        if try isWhole(connection, input) { return note() }
      } catch {
        return fail()
      }
    }
  }

  private func isWhole(_ connection: UpstreamConnection, _ input: Buffer) throws -> Bool {
    if body == nil {
      guard
        try connection.decoder.decode(
          input.readable, answering: request.method == "GET" ? .get : .post, into: head)
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

  private func note() {
    let microseconds = UInt64(max(loop.now.nanoseconds(since: sentAt), 0) / 1000)
    latencies[request.service].record(microseconds: microseconds)
    count += 1
    isWaiting = false
    if head.status >= 500 { failures += 1 }
    pacer?.arm(at: loop.now.advanced(by: pause))
  }

  private func fail() {
    if isWaiting {
      failures += 1
      count += 1
    }
    isWaiting = false
    body = nil
    connection?.giveBuffers(to: pool)
    connection?.close()
    connection = nil
    pacer?.arm(at: loop.now.advanced(by: .milliseconds(500)))
  }

  package override func connectFailed(
    _ connection: UpstreamConnection, _ failure: FailureKind
  ) {
    fail()
  }
}
