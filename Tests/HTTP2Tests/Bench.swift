import HTTP2
import Primitives
import Testing
import WeirTesting

/// A session with a peer that writes frames by hand, and what it says.
final class Bench {
  /// A frame that the session sent.
  struct Sent: Equatable {
    var type: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]

    /// The word at the payload's start: a code of RST_STREAM, an increment of WINDOW_UPDATE.
    var word: UInt32 { payload.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
    /// GOAWAY's code and text.
    var code: UInt32 { payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
    var text: String { String(decoding: payload.dropFirst(8), as: UTF8.self) }
  }

  let pool = BufferPool(bytesMax: 64 * 1024 * 1024)
  let session: Session
  private(set) var requests: [ServerStream] = []
  private(set) var closed: [SessionStream] = []
  private(set) var goAways: [ErrorCode] = []
  private(set) var bodies = 0
  private(set) var sent: [Sent] = []
  private var unparsed: [UInt8] = []
  var now = Instant(nanoseconds: 0)

  init(_ limits: SessionLimits = SessionLimits()) {
    session = Session(limits, pool) { _ in ServerStream() }
  }

  /// The peer sends these, all at once or byte by byte.
  func receive(_ frames: HTTP2Frames, byByte: Bool = false) {
    if byByte {
      for byte in frames.bytes { session.receive([byte].span, now: now) }
    } else {
      session.receive(frames.bytes.span, now: now)
    }
    drain()
    pull()
  }

  func drain() {
    while let event = session.takeEvent() {
      switch event {
      case .request(let stream): requests.append(stream)
      case .closed(let stream): closed.append(stream)
      case .goAway(let code): goAways.append(code)
      case .body: bodies += 1
      case .moved, .goAwayCame: break
      }
    }
  }

  /// Takes all that the session has to send.
  func pull(blockBytes: Int = 64 * 1024) {
    let out = Buffer(capacity: blockBytes)
    for _ in 0..<10_000 {
      let goesOn = session.pull(into: out)
      let bytes = out.readable
      unparsed += bytes.indices.map { bytes[$0] }
      let isIdle = out.isEmpty
      out.removeAll()
      if !goesOn || isIdle { break }
    }
    drain()
    while unparsed.count >= 9 {
      let length = unparsed.prefix(3).reduce(0) { $0 << 8 | Int($1) }
      guard unparsed.count >= 9 + length else { break }
      let stream = unparsed[5..<9].reduce(0) { $0 << 8 | UInt32($1) }
      sent.append(
        Sent(
          type: unparsed[3], flags: unparsed[4], stream: stream,
          payload: Array(unparsed[9..<9 + length])))
      unparsed.removeFirst(9 + length)
    }
  }

  func frames(_ type: UInt8, on stream: UInt32? = nil) -> [Sent] {
    sent.filter { $0.type == type && (stream == nil || $0.stream == stream) }
  }

  var resets: [Sent] { frames(3) }
  var goAway: Sent? { frames(7).last }

  /// Answers `stream` with 200 and `body`.
  func answer(_ stream: ServerStream, _ body: [UInt8], isEnd: Bool = true) {
    if !stream.isHeadSubmitted {
      _ = pool.lend(to: stream.fields.text)
      stream.fields.begin(":status")
      stream.fields.text.append("200")
      stream.fields.end()
    }
    if !body.isEmpty {
      _ = pool.lend(to: stream.output, atLeast: BufferPool.largeBytes)
      stream.output.append(body)
    }
    stream.outputEnds = isEnd
    session.submitHead(of: stream)
    session.resume(stream)
    pull()
  }

  /// Serves a stream no more.
  func end(_ stream: ServerStream) {
    session.forget(stream)
    stream.giveBuffers(to: pool)
  }
}
