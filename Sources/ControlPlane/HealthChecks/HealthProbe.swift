import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor

/// One question to one endpoint, on a connection of its own.
///
/// ```
/// connecting ──(TCP)── ended
///     └──(HTTP)── sending ── reading the head ── ended
/// any ──(timeout, refusal, end, cancel)── ended
/// ```
///
/// One deadline bounds it all, so an endpoint that drips its head does not hold it up. At most
/// `answerBytesMax` of the answer are read: the final head and the interim ones before it; the body
/// stays unread. Confinement: the control loop.
package final class HealthProbe: ConnectionReceiver {
  /// One small block, of which a head may take half: nothing in it but the status is used.
  static let answerBytesMax = BufferPool.smallBytes
  private static let headLimits = HeadLimits(headBytesMax: BufferPool.smallBytes / 2)

  private let loop: EventLoop
  private let pool: BufferPool
  private let question: HealthQuestion
  /// What of the request has not been put into the output; empty for TCP.
  private var rest: ArraySlice<UInt8> = []
  private var deadline = Instant.distantFuture
  private var isAsked = false
  private var connection: UpstreamConnection?
  private let answer = HTTP1ResponseHead()
  /// Called once, unless `start` has answered or it was cancelled.
  private let ended: (ProbeResult) -> Void

  init(
    loop: EventLoop, pool: BufferPool, question: HealthQuestion,
    ended: @escaping (ProbeResult) -> Void
  ) {
    self.loop = loop
    self.pool = pool
    self.question = question
    self.ended = ended
    super.init()
  }

  /// Begins to connect to `endpoint`, or to the question's port of its host. What it answers has
  /// ended it at once; nil: it goes on, until `deadline` at the latest.
  func start(_ endpoint: SocketAddress, until deadline: Instant) -> ProbeResult? {
    let target = Self.target(endpoint, question)
    if let path = question.path {
      rest = Self.request(path: path, host: question.host ?? Self.host(target))[...]
    }
    self.deadline = deadline
    let connection = UpstreamConnection(id: 0, owner: self, loop: loop, limits: Self.headLimits)
    do throws(Errno) {
      try connection.open(to: target, deadline: deadline)
    } catch {
      return ProbeResult(UpstreamConnection.failure(of: error))
    }
    self.connection = connection
    return nil
  }

  /// Ends it; nobody is told.
  func cancel() {
    guard let connection else { return }
    self.connection = nil
    connection.giveBuffers(to: pool)
    connection.close()
  }

  // MARK: Events

  package override func connectionReady(_ connection: UpstreamConnection) {
    if !isAsked {
      guard !rest.isEmpty else { return end(.success) }
      isAsked = true
      // Connecting had the deadline; so has the rest.
      loop.arm(connection, at: deadline)
      connection.beginAttempt()
    }
    if send(connection) { read(connection) }
  }

  package override func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {
    end(ProbeResult(failure))
  }

  package override func connectionDeadlinePassed(_ connection: UpstreamConnection) {
    end(.timeout)
  }

  private func end(_ result: ProbeResult) {
    cancel()
    ended(result)
  }

  /// True: the whole request is with the kernel.
  private func send(_ connection: UpstreamConnection) -> Bool {
    let out = connection.output
    guard !rest.isEmpty || !out.isEmpty else { return true }
    guard pool.lend(to: out) else {
      end(.notSent)
      return false
    }
    while true {
      if out.isEmpty {
        guard !rest.isEmpty else { return true }
        let part = rest.prefix(out.capacity)
        out.append(Array(part))
        rest = rest.dropFirst(part.count)
      }
      switch connection.flush() {
      case .drained: continue
      case .blocked: return false
      case .failed:
        end(.closed)
        return false
      }
    }
  }

  private func read(_ connection: UpstreamConnection) {
    let input = connection.input
    guard pool.lend(to: input) else { return end(.notSent) }
    while true {
      do throws(HeadFault) {
        while !input.isEmpty,
          try connection.decoder.decode(input.readable, answering: .get, into: answer)
        {
          // Interim answers go before the one that counts (RFC 9110 §15.2); 101 is none.
          guard answer.status < 200, answer.status != 101 else { return end(judge(answer.status)) }
          input.consume(answer.headBytes)
        }
      } catch {
        return end(.malformed(error))
      }
      // All that came fits the block, so there is room behind it.
      let room = Self.answerBytesMax - Int(connection.bytesReceived)
      guard room > 0 else { return end(.malformed(.headTooLarge)) }
      switch connection.receive(into: input, upTo: room) {
      case .bytes: continue
      case .wouldBlock: return
      case .endOfStream, .failed: return end(.closed)
      }
    }
  }

  private func judge(_ status: UInt16) -> ProbeResult {
    question.accepts(status) ? .success : .badStatus(status)
  }

  // MARK: Question

  /// A Unix-domain endpoint has no port: it is asked itself.
  private static func target(
    _ endpoint: SocketAddress, _ question: HealthQuestion
  ) -> SocketAddress {
    guard let port = question.port, let address = endpoint.ip else { return endpoint }
    return .ip(address, port: port)
  }

  /// RFC 9110 §7.2 wants a host; a path of the file system is none.
  private static func host(_ target: SocketAddress) -> String {
    target.ip == nil ? "localhost" : target.description
  }

  private static func request(path: String, host: String) -> [UInt8] {
    Array(
      ("GET \(path) HTTP/1.1\r\nhost: \(host)\r\nuser-agent: weir-health-check\r\n"
        + "connection: close\r\n\r\n").utf8)
  }
}
