import HTTP1
import HTTPModel
import Primitives
import Reactor

/// A connection of the admin listener: one request at a time, answered whole.
///
/// ```
/// reading ──(head and body)── waiting ──(answer)── writing ── reading … closed
/// ```
///
/// Confinement: the control loop; the responder may answer from any thread.
package final class AdminConnection: ByteStream {
  package typealias Responder =
    @Sendable (AdminRequest, @escaping @Sendable (AdminResponse) -> Void) -> Void

  private static let bodyBytesMax: UInt64 = 4096
  private static let timeout = Duration.seconds(30)
  private let pool: BufferPool
  private let respond: Responder
  private let closed: (AdminConnection) -> Void
  private var decoder = RequestDecoder(limits: HeadLimits(headBytesMax: 8192))
  private let head = HTTP1RequestHead()
  /// A request is with the responder.
  private(set) var isWaiting = false
  /// When it was accepted, or when its last answer was begun.
  private(set) var idleSince: Instant
  private var keepsOpen = true
  /// What of the answer has not been put into the output.
  private var rest: ArraySlice<UInt8> = []

  package init(
    loop: EventLoop, pool: BufferPool, respond: @escaping Responder,
    closed: @escaping (AdminConnection) -> Void
  ) {
    self.pool = pool
    self.respond = respond
    self.closed = closed
    idleSince = loop.now
    super.init(loop: loop, isConnected: true)
  }

  func start() {
    loop.arm(self, at: loop.now.advanced(by: Self.timeout))
  }

  package override func ready(_ readiness: Readiness) {
    note(readiness)
    if isBroken { return close() }
    if rest.isEmpty, output.isEmpty { read() } else { write() }
  }

  package override func resume() { read() }
  package override func deadlinePassed() { close() }

  private func read() {
    guard !isWaiting, isOpen else { return }
    guard pool.lend(to: input) else { return close() }
    let input = input
    while true {
      do throws(HeadFault) {
        if !input.isEmpty, try decoder.decode(input.readable, into: head) { return take(input) }
      } catch {
        keepsOpen = false
        return answer(.text("weir: \(error.name)\n", status: Int(error.requestFailure.row.status)))
      }
      guard Self.hasRoom(input) else { return close() }
      switch receive(into: input) {
      case .bytes: continue
      case .wouldBlock: return
      case .endOfStream, .failed: return close()
      }
    }
  }

  /// Room behind what was received; what came before it in the block may be answered already.
  private static func hasRoom(_ input: Buffer) -> Bool {
    if input.writableCount == 0 { input.compact() }
    return input.writableCount > 0
  }

  private func take(_ input: Buffer) {
    var body = ""
    if case .length(let length) = head.framing {
      guard length <= Self.bodyBytesMax else {
        keepsOpen = false
        return answer(.text("weir: the body is too large\n", status: 413))
      }
      let end = head.headBytes + Int(length)
      guard receiveBody(input, end) else { return }
      body = Self.text(input, ByteRange(head.headBytes..<end))
      finishRequest(input, end, body)
    } else if !head.hasBody {
      finishRequest(input, head.headBytes, body)
    } else {
      keepsOpen = false
      answer(.text("weir: send the body with a length\n", status: 411))
    }
  }

  /// True: the input holds `end` bytes. Small bodies come with their head or right behind it.
  private func receiveBody(_ input: Buffer, _ end: Int) -> Bool {
    while input.count < end {
      guard Self.hasRoom(input) else {
        close()
        return false
      }
      switch receive(into: input) {
      case .bytes: continue
      case .wouldBlock:
        // The next edge decodes the head again.
        return false
      case .endOfStream, .failed:
        close()
        return false
      }
    }
    return true
  }

  private func finishRequest(_ input: Buffer, _ end: Int, _ body: String) {
    let request = AdminRequest(
      method: Self.text(input, head.methodText), path: path(input),
      query: Self.text(input, head.query), accept: field("accept", input) ?? "",
      acceptEncoding: field("accept-encoding", input) ?? "", origin: field("origin", input),
      host: field("host", input), body: body)
    keepsOpen = head.isPersistent
    input.consume(end)
    isWaiting = true
    let mailbox = loop.mailbox
    let confined = Confined(connection: self)
    respond(request) { response in
      mailbox.post { confined.connection.answer(response) }
    }
  }

  /// A slash at the end says nothing: `/metrics/` is `/metrics`.
  private func path(_ input: Buffer) -> String {
    let path = Self.text(input, head.path)
    return path.utf8.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The values of all fields of that name, which is in lower case (RFC 9110 §5.3).
  /// nil: there is no such field.
  private func field(_ name: String, _ input: Buffer) -> String? {
    let fields = head.fields.filter { Self.text(input, $0.name).lowercased() == name }
    if fields.isEmpty { return nil }
    return fields.map { Self.text(input, $0.value) }.joined(separator: ", ")
  }

  private struct Confined: @unchecked Sendable {
    // SAFETY: reached only in mail of its own loop.
    let connection: AdminConnection
  }

  private static func text(_ input: Buffer, _ range: ByteRange) -> String {
    let bytes = input.slice(range)
    var copy: [UInt8] = []
    for index in bytes.indices { copy.append(bytes[index]) }
    return String(decoding: copy, as: UTF8.self)
  }

  private func answer(_ response: AdminResponse) {
    isWaiting = false
    idleSince = loop.now
    guard isOpen else { return }
    let connectionLine = keepsOpen ? "" : "connection: close\r\n"
    let headText =
      "HTTP/1.1 \(response.status) \r\ncontent-type: \(response.contentType)\r\n"
      + "content-length: \(response.body.count)\r\n"
      + response.fields.map { $0 + "\r\n" }.joined() + "\(connectionLine)\r\n"
    let bytes = Array(headText.utf8) + (head.method == .head ? [] : response.body)
    rest = bytes[...]
    write()
  }

  private func write() {
    guard isOpen, pool.lend(to: output, atLeast: BufferPool.largeBytes) else { return close() }
    let out = output
    while true {
      if out.isEmpty {
        guard !rest.isEmpty else { break }
        let part = rest.prefix(out.capacity)
        out.append(Array(part))
        rest = rest.dropFirst(part.count)
      }
      switch flush() {
      case .drained: continue
      case .blocked: return
      case .failed: return close()
      }
    }
    pool.reclaim(from: output)
    guard keepsOpen else { return close() }
    loop.arm(self, at: loop.now.advanced(by: Self.timeout))
    loop.resumeLater(self)
  }

  func close() {
    guard isOpen else { return }
    giveBuffers(to: pool)
    loop.close(self)
    closed(self)
  }
}
