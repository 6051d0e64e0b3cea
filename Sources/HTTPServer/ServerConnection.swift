import HTTP1
import HTTPModel
import Primitives
import Reactor
import Transport

/// A connection to Weir's own pages: one request at a time, read whole and answered whole, but for events.
///
/// ```
/// head ──(whole)── body ──(whole)── waiting ──(answer, its delay)── writing ──┬── head … closed
///                                                                            └── events ── closed
/// ```
///
/// Confinement: its loop; the responder may answer from any thread.
package final class ServerConnection: ByteStream {
  private enum Stage { case head, body, waiting, writing, events }

  private static let headBytesMax = 8192
  /// How long it may be idle, or take for a request.
  private static let timeout = Duration.seconds(30)
  /// How often a page that stays open hears that the connection lives.
  private static let beat = Duration.seconds(15)
  private let pool: BufferPool
  private let limits: ServerLimits
  private let respond: ServerListener.Responder
  private let closed: (ServerConnection) -> Void
  private var decoder = RequestDecoder(limits: HeadLimits(headBytesMax: headBytesMax))
  private let head = HTTP1RequestHead()
  private let body = BodyDecoder()
  private var stage = Stage.head
  private var request = ServerRequest(method: "", path: "")
  private var bodyBytes: [UInt8] = []
  /// An answer that is to go out later.
  private var delayed: ServerResponse?
  private var events: ServerEvents?
  /// When it was accepted, or when its last answer was begun.
  private(set) var idleSince: Instant
  private var keepsOpen = true
  /// What of the answer has not been put into the output.
  private var rest: ArraySlice<UInt8> = []

  init(
    loop: EventLoop, pool: BufferPool, limits: ServerLimits,
    respond: @escaping ServerListener.Responder, closed: @escaping (ServerConnection) -> Void
  ) {
    self.pool = pool
    self.limits = limits
    self.respond = respond
    self.closed = closed
    idleSince = loop.now
    super.init(loop: loop, isConnected: true)
  }

  /// A request is with the responder.
  var isWaiting: Bool { stage == .waiting }

  func start() { armIdle() }

  private func armIdle() { loop.arm(self, at: loop.now.advanced(by: Self.timeout)) }

  // MARK: Events of the loop

  package override func ready(_ readiness: Readiness) {
    note(readiness)
    if isBroken { return close() }
    switch stage {
    case .head, .body: read()
    case .waiting: break
    case .writing: write()
    case .events: peerEnded ? close() : write()
    }
  }

  package override func resume() {
    if stage == .head { read() }
  }

  package override func deadlinePassed() {
    if let delayed {
      self.delayed = nil
      return begin(delayed)
    }
    guard let events, rest.isEmpty, output.isEmpty else { return close() }
    events.beat()
    loop.arm(self, at: loop.now.advanced(by: Self.beat))
  }

  // MARK: The request

  private func read() {
    guard isOpen else { return }
    guard pool.lend(to: input) else { return close() }
    let input = input
    while stage == .head || stage == .body {
      if take(input) { continue }
      guard isOpen, stage == .head || stage == .body else { return }
      // What came before it in the block may be answered already.
      if input.writableCount == 0 { input.compact() }
      guard input.writableCount > 0 else { return close() }
      switch receive(into: input) {
      case .bytes: continue
      case .wouldBlock: return
      case .endOfStream, .failed: return close()
      }
    }
  }

  /// Takes what the input holds; true: it led on.
  private func take(_ input: Buffer) -> Bool {
    do throws(HeadFault) {
      if stage == .head { return try takeHead(input) }
    } catch {
      request = ServerRequest(method: "", path: "")
      refuse("weir: \(error.name)\n", Int(error.requestFailure.row.status))
      return false
    }
    do throws(BodyFault) {
      return try takeBody(input)
    } catch {
      refuse("weir: \(error.name)\n", Int(error.requestFailure.row.status))
      return false
    }
  }

  private func takeHead(_ input: Buffer) throws(HeadFault) -> Bool {
    guard !input.isEmpty, try decoder.decode(input.readable, into: head) else { return false }
    request = ServerRequest(
      method: input.text(head.methodText), path: path(input),
      query: input.text(head.query),
      fields: head.fields.texts(in: input))
    if case .length(let length) = head.framing, length > UInt64(limits.bodyBytesMax) {
      refuse("weir: the body is too large\n", 413)
      return false
    }
    keepsOpen = head.isPersistent
    body.begin(head.framing, BodyLimits())
    bodyBytes = []
    input.consume(head.headBytes)
    stage = .body
    return true
  }

  /// True: the request is whole, and with the responder.
  private func takeBody(_ input: Buffer) throws(BodyFault) -> Bool {
    while !body.isComplete {
      let bytes = input.readable
      let step = try body.decode(bytes)
      if step.isStuck { return false }
      for index in step.framing..<step.framing + step.payload { bodyBytes.append(bytes[index]) }
      input.consume(step.framing + step.payload)
      guard bodyBytes.count <= limits.bodyBytesMax else {
        refuse("weir: the body is too large\n", 413)
        return false
      }
    }
    request.body = String(decoding: bodyBytes, as: UTF8.self)
    bodyBytes = []
    stage = .waiting
    let mailbox = loop.mailbox
    let confined = Confined(connection: self)
    respond(request) { response in
      mailbox.post { confined.connection.answer(response) }
    }
    return true
  }

  private func refuse(_ text: String, _ status: Int) {
    keepsOpen = false
    stage = .waiting
    answer(.text(text, status: status))
  }

  /// A slash at the end says nothing.
  private func path(_ input: Buffer) -> String {
    let path = input.text(head.path)
    return path.utf8.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  private struct Confined: @unchecked Sendable {
    // SAFETY: reached only in mail of its own loop.
    let connection: ServerConnection
  }

  // MARK: The answer

  private func answer(_ response: ServerResponse) {
    guard isOpen, stage == .waiting else {
      response.events?.close()
      return
    }
    guard response.delay > .zero else { return begin(response) }
    delayed = response
    loop.arm(self, at: loop.now.advanced(by: response.delay))
  }

  private func begin(_ response: ServerResponse) {
    idleSince = loop.now
    if response.events != nil { keepsOpen = false }
    let length =
      response.events == nil ? "content-length: \(response.body.count)\r\n" : ""
    let phrase = StatusPhrase.text(UInt16(response.status))
    let headText =
      "HTTP/1.1 \(response.status) \(phrase)\r\n"
      + "content-type: \(response.contentType)\r\n" + length
      + response.fields.map { $0 + "\r\n" }.joined()
      + (keepsOpen ? "" : "connection: close\r\n") + "\r\n"
    rest = (Array(headText.utf8) + (request.method == "HEAD" ? [] : response.body))[...]
    stage = .writing
    if let events = response.events {
      if request.method == "HEAD" { events.close() } else { open(events) }
    }
    armIdle()
    write()
  }

  private func open(_ events: ServerEvents) {
    self.events = events
    stage = .events
    let mailbox = loop.mailbox
    let confined = Confined(connection: self)
    events.open {
      mailbox.post { confined.connection.write() }
    }
  }

  private func write() {
    guard isOpen, stage == .writing || stage == .events else { return }
    if events?.isCut == true { return close(reset: true) }
    guard pool.lend(to: output, atLeast: BufferPool.largeBytes) else { return close() }
    repeat {
      switch flush(&rest) {
      case .drained: continue
      case .blocked: return
      case .failed: return close()
      }
    } while refill()
    pool.reclaim(from: output)
    if let events {
      return events.isClosed ? close() : loop.arm(self, at: loop.now.advanced(by: Self.beat))
    }
    guard keepsOpen else { return close() }
    stage = .head
    armIdle()
    loop.resumeLater(self)
  }

  /// True: there is more to send.
  private func refill() -> Bool {
    guard let waiting = events?.take(), !waiting.isEmpty else { return false }
    rest = waiting[...]
    return true
  }

  /// `reset`: the client is told that what it waits for does not come.
  func close(reset: Bool = false) {
    guard isOpen else { return }
    if reset { kernel.resetOnClose(descriptor) }
    giveBuffers(to: pool)
    loop.close(self)
    events?.close()
    events = nil
    closed(self)
  }
}
