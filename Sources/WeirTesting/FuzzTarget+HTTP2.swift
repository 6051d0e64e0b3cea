import HTTP2
import HTTPModel
import Primitives

/// Bytes behind a connection preface, as frames of a client.
extension FuzzTarget {
  private struct RequestVerdict: Equatable {
    var id: Int32
    var fault: HeadFault?
    var fields: Int
  }

  /// What goes on as HTTP/1 is a head of HTTP/1, whatever came; the first request is judged the same
  /// however the bytes were split; and a session whose streams are answered, reset and forgotten in
  /// between never traps.
  static func http2(_ bytes: [UInt8]) {
    var first: RequestVerdict??
    for parts in ways(bytes) {
      let verdict = serve(bytes, parts)
      if let first {
        precondition(
          first == verdict,
          "\(String(describing: first)) at once, \(String(describing: verdict)) in parts")
      }
      first = .some(verdict)
    }
  }

  private static func serve(_ bytes: [UInt8], _ parts: [Int]) -> RequestVerdict? {
    let pool = BufferPool(bytesMax: 16 * 1024 * 1024)
    let session = Session(SessionLimits(), pool) { _ in ServerStream() }
    let out = Buffer(capacity: 4096)
    var now = Instant(nanoseconds: 0)
    var verdict: RequestVerdict?
    session.receive(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8).span, now: now)
    var start = 0
    for end in parts {
      now = now.advanced(byNanoseconds: 1_000_000)
      session.receive(bytes.span.extracting(start..<end), now: now)
      start = end
      while let event = session.takeEvent() {
        switch event {
        case .request(let stream):
          check(stream)
          verdict =
            verdict
            ?? RequestVerdict(
              id: stream.id, fault: stream.headFault, fields: stream.head.fields.count)
          answer(stream, session, pool)
        case .body(let stream): session.take(stream.unreadCount, of: stream)
        case .closed(let stream): stream.giveBuffers(to: pool)
        case .moved, .goAway, .goAwayCame: break
        }
      }
      for _ in 0..<64 {
        let goesOn = session.pull(into: out)
        let isIdle = out.isEmpty
        out.removeAll()
        if !goesOn || isIdle { break }
      }
    }
    return verdict
  }

  private static func check(_ stream: ServerStream) {
    guard stream.headFault == nil else { return }
    let block = stream.headBlock
    let head = stream.head
    let bytes = block.readable
    for range in [head.methodText, head.target, head.authority, head.path, head.query] {
      let text = bytes.extracting(range.bounds)
      precondition(ByteScan.firstNonVisible(in: text, from: 0) == text.count, "a broken line")
    }
    precondition(!head.authority.isEmpty && !head.methodText.isEmpty)
    for field in head.fields {
      let name = bytes.extracting(field.name.bounds)
      let value = bytes.extracting(field.value.bounds)
      precondition(name.count > 0 && Token.end(in: name, from: 0) == name.count, "a broken name")
      precondition(ByteScan.firstControl(in: value, from: 0) == value.count, "a broken value")
      precondition(field.id != .connection && field.id != .transferEncoding)
    }
  }

  /// By the stream's number: whole, in parts, not at all, or by a reset.
  private static func answer(_ stream: ServerStream, _ session: Session, _ pool: BufferPool) {
    switch stream.id % 8 {
    case 1, 3:
      guard pool.lend(to: stream.fields.text), pool.lend(to: stream.output) else { return }
      stream.fields.begin(":status")
      stream.fields.text.append("200")
      stream.fields.end()
      stream.output.append("a body")
      stream.outputEnds = stream.id % 8 == 1
      session.submitHead(of: stream)
    case 5: session.reset(stream, .cancel, isPeersFault: stream.headFault != nil)
    default:
      session.forget(stream)
      stream.giveBuffers(to: pool)
    }
  }
}
