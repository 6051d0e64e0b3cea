import HTTP1
import HTTPModel
import Primitives
import Reactor
import Transport

/// A connection to one address for calls of Weir's own, one at a time: health checks, the commands that ask
/// a proxy, discovery.
///
/// ```
/// idle ──(call)── connecting ── head ── body ──┬── idle, its connection kept or closed
///          └──(it was kept)──────┘             │
/// any ──(deadline, fault, close)───────────────┴── idle, its connection closed
/// ```
///
/// One deadline bounds a call from its connection to its answer's last byte, so that a peer that drips
/// holds nothing up. A kept connection that turns out to be closed is opened anew, once and for what may be
/// repeated. Bounded: two small buffers while a call is out, none while idle, and what the call keeps.
/// Confinement: its loop.
package final class ClientConnection: ConnectionReceiver {
  package typealias Ended = (Result<ClientAnswer, ClientFault>) -> Void

  private enum Stage { case idle, connecting, head, body }

  private let loop: EventLoop
  private let pool: BufferPool
  private let address: SocketAddress
  /// Nil: plaintext.
  private let security: ClientSecurity?
  private var stage = Stage.idle
  private var connection: UpstreamConnection?
  private var call: ClientCall?
  private var ended: Ended?
  private var part: (([UInt8]) -> Void)?
  private var deadline = Instant.distantFuture
  /// What of the request has not been put into the output.
  private var rest: ArraySlice<UInt8> = []
  private let head = HTTP1ResponseHead()
  private let body = BodyDecoder()
  private var answer = ClientAnswer(status: 0)
  /// Bytes of the answer that came before its final head was whole.
  private var headBytes = 0

  package init(
    loop: EventLoop, pool: BufferPool, address: SocketAddress, security: ClientSecurity? = nil
  ) {
    self.loop = loop
    self.security = security
    self.pool = pool
    self.address = address
    super.init()
  }

  package override init() { preconditionFailure("a client without an address") }

  package var isIdle: Bool { stage == .idle }

  /// Begins a call. `part`: told the parts of a body that is streamed. `ended`: told once how it went,
  /// never from inside this call. What is answered is why it could not be begun, and `ended` is not told.
  /// Precondition: none is out.
  package func begin(
    _ call: ClientCall, until deadline: Instant, part: (([UInt8]) -> Void)? = nil,
    ended: @escaping Ended
  ) -> ClientFault? {
    precondition(stage == .idle, "a connection carries one call at a time")
    self.call = call
    self.deadline = deadline
    self.part = part
    self.ended = ended
    answer = ClientAnswer(status: 0)
    headBytes = 0
    guard let connection, connection.isOpen, !connection.peerEnded else { return beginAnew(call) }
    start(on: connection)
    switch send(connection) {
    case .sent: return nil
    case .noBuffer:
      close()
      return .notSent
    case .closed:
      // What may have been acted upon is not asked for twice.
      guard call.method.isIdempotent || connection.attemptBytesSent == 0 else {
        close()
        return .closed
      }
      return beginAnew(call)
    }
  }

  private func beginAnew(_ call: ClientCall) -> ClientFault? {
    let fault = connect(call)
    if fault != nil { forget() }
    return fault
  }

  /// Closes the connection; a call that is out ends, and nobody is told.
  package func close() {
    forget()
    drop()
  }

  private func forget() {
    stage = .idle
    call = nil
    ended = nil
    part = nil
    rest = []
  }

  // MARK: The connection

  /// What is answered is why not even the attempt could be begun; the call is still there then.
  private func connect(_ call: ClientCall) -> ClientFault? {
    drop()
    let connection = UpstreamConnection(
      id: 0, owner: self, loop: loop, limits: HeadLimits(headBytesMax: call.headBytesMax))
    stage = .connecting
    do throws(Errno) {
      try connection.open(to: address, deadline: deadline, security, pool: pool)
    } catch {
      return Self.fault(UpstreamConnection.failure(of: error))
    }
    self.connection = connection
    return nil
  }

  private func drop() {
    guard let connection else { return }
    self.connection = nil
    connection.giveBuffers(to: pool)
    connection.close()
  }

  private func start(on connection: UpstreamConnection) {
    stage = .head
    rest = call?.bytes[...] ?? []
    // Connecting had the deadline; so has the rest.
    loop.arm(connection, at: deadline)
    connection.beginAttempt()
  }

  package override func connectionReady(_ connection: UpstreamConnection) {
    switch stage {
    case .idle:
      // Nothing was asked: it was closed, or speaks out of turn.
      return close()
    case .connecting:
      if call?.isConnectOnly == true { return end(.success(answer)) }
      start(on: connection)
    case .head, .body: break
    }
    switch send(connection) {
    case .sent: read(connection)
    case .noBuffer: end(.failure(.notSent))
    case .closed: peerClosed(connection)
    }
  }

  package override func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {
    end(.failure(Self.fault(failure)))
  }

  package override func connectionDeadlinePassed(_ connection: UpstreamConnection) {
    end(.failure(.timeout))
  }

  private static func fault(_ failure: FailureKind) -> ClientFault {
    switch failure {
    case .connectTimeout: .timeout
    case .descriptorsExhausted, .localPortsExhausted, .localMemoryExhausted: .notSent
    default: .notConnected(failure)
    }
  }

  private func end(_ result: Result<ClientAnswer, ClientFault>) {
    let ended = ended
    let mayStay: Bool
    if case .success = result, let call, let connection {
      mayStay =
        call.keepsOpen && body.isComplete && head.isPersistent && connection.isOpen
        && !connection.peerEnded && connection.input.isEmpty && rest.isEmpty
        && connection.output.isEmpty && !connection.holdsCiphertext
    } else {
      mayStay = false
    }
    forget()
    if mayStay, let connection {
      connection.giveBuffers(to: pool)
      loop.disarm(connection)
    } else {
      close()
    }
    ended?(result)
  }

  /// The peer closed the connection. One that was kept may have been closed before it had the request.
  private func peerClosed(_ connection: UpstreamConnection) {
    if let call, connection.requestCount > 1, headBytes == 0, stage == .head,
      call.method.isIdempotent
    {
      if let fault = connect(call) { end(.failure(fault)) }
      return
    }
    end(.failure(.closed))
  }

  // MARK: The request

  private enum Sent { case sent, noBuffer, closed }

  /// Sends as much as the kernel takes: an answer may come before all of the request is out.
  private func send(_ connection: UpstreamConnection) -> Sent {
    let out = connection.output
    guard !rest.isEmpty || !out.isEmpty || connection.holdsCiphertext else { return .sent }
    guard pool.lend(to: out) else { return .noBuffer }
    if case .failed = connection.flush(&rest) { return .closed }
    return .sent
  }

  // MARK: The answer

  private func read(_ connection: UpstreamConnection) {
    let input = connection.input
    guard pool.lend(to: input) else { return end(.failure(.notSent)) }
    while stage == .head || stage == .body {
      if let result = take(connection, input) { return end(result) }
      input.compact()
      var room = input.writableCount
      if stage == .head, let call { room = min(room, 2 * call.headBytesMax - headBytes) }
      guard room > 0 else { return end(.failure(.malformed(.headTooLarge))) }
      switch connection.receive(into: input, upTo: room) {
      case .bytes(let count): if stage == .head { headBytes += count }
      case .wouldBlock: return
      case .endOfStream:
        guard stage == .body, body.framing == .untilClose else { return peerClosed(connection) }
        return end(.success(answer))
      case .failed: return peerClosed(connection)
      }
    }
  }

  /// Takes what the input holds; nil: more has to come.
  private func take(
    _ connection: UpstreamConnection, _ input: Buffer
  ) -> Result<ClientAnswer, ClientFault>? {
    do throws(HeadFault) {
      while stage == .head {
        guard !input.isEmpty,
          try connection.decoder.decode(
            input.readable, answering: call?.method ?? .get, into: head)
        else { return nil }
        // Interim answers go before the one that counts (RFC 9110 §15.2); 101 is none.
        if head.status >= 200 || head.status == 101 {
          headDecoded(input)
          if call?.answerBody == .unread { return .success(answer) }
        }
        input.consume(head.headBytes)
      }
    } catch {
      return .failure(.malformed(error))
    }
    do throws(BodyFault) {
      return try takeBody(input)
    } catch {
      return .failure(.malformedBody(error))
    }
  }

  private func headDecoded(_ input: Buffer) {
    answer.status = head.status
    if call?.answerBody != .unread {
      answer.fields = head.fields.texts(in: input)
    }
    body.begin(head.framing, BodyLimits())
    stage = .body
  }

  private func takeBody(_ input: Buffer) throws(BodyFault) -> Result<ClientAnswer, ClientFault>? {
    while !body.isComplete {
      let bytes = input.readable
      let step = try body.decode(bytes)
      if step.isStuck { return nil }
      let payload = bytes.extracting(step.framing..<step.framing + step.payload)
      let copy = payload.indices.map { payload[$0] }
      input.consume(step.framing + step.payload)
      switch call?.answerBody {
      case .kept(let most)?:
        guard answer.body.count + copy.count <= most else { return .failure(.tooLarge) }
        answer.body += copy
      case .streamed? where !copy.isEmpty:
        part?(copy)
        // Whom it was told to may have ended the call.
        if stage == .idle { return nil }
      case .streamed?, .unread?, nil: break
      }
    }
    return .success(answer)
  }
}
