import HTTP2
import HTTPModel
import Primitives
import Testing
import WeirTesting

/// The side that asks: what an endpoint may answer, and what it says of requests that it did not act upon.
struct ClientSessionTests {
  /// A session that has asked, and an endpoint whose frames are written by hand.
  private final class Asking {
    let pool = BufferPool(bytesMax: 64 * 1024 * 1024)
    let session: Session
    private(set) var streams: [ClientStream] = []
    private(set) var closed: [Int32] = []
    private(set) var goAways = 0
    var sent: [UInt8] = []

    init() { session = Session(asking: SessionLimits(), pool) }

    func ask(_ method: Method = .get, isEnd: Bool = true) -> ClientStream {
      let stream = ClientStream()
      stream.begin(method, SessionLimits())
      _ = pool.lend(to: stream.fields.text)
      for (name, value) in HTTP2Frames.pseudo(method == .head ? "HEAD" : "GET") {
        let bytes = Array(name.utf8)
        stream.fields.begin(bytes.span)
        stream.fields.text.append(Array(value.utf8))
        stream.fields.end()
      }
      stream.outputEnds = isEnd
      if session.submitRequest(stream) { streams.append(stream) }
      pull()
      return stream
    }

    func pull() {
      let out = Buffer(capacity: 64 * 1024)
      for _ in 0..<1000 {
        let goesOn = session.pull(into: out)
        let bytes = out.readable
        sent += bytes.indices.map { bytes[$0] }
        let isIdle = out.isEmpty
        out.removeAll()
        if !goesOn || isIdle { break }
      }
    }

    /// The endpoint sends these, all at once or byte by byte.
    func receive(byByte: Bool = false, _ write: (inout HTTP2Frames) -> Void) {
      var frames = HTTP2Frames()
      write(&frames)
      if byByte {
        for byte in frames.bytes { session.receive([byte].span, now: Instant(nanoseconds: 0)) }
      } else {
        session.receive(frames.bytes.span, now: Instant(nanoseconds: 0))
      }
      while let event = session.takeEvent() {
        switch event {
        case .closed(let stream): closed.append(stream.id)
        case .goAwayCame: goAways += 1
        case .body, .moved, .goAway: break
        case .request: Issue.record("an endpoint asked")
        }
      }
      pull()
    }
  }

  @Test(arguments: [false, true]) func readsAnAnswer(byByte: Bool) {
    let asking = Asking()
    let stream = asking.ask()
    #expect(stream.id == 1 && stream.isHeadSent)
    asking.receive(byByte: byByte) {
      $0.settings()
      $0.head(
        1, [(":status", "200"), ("content-length", "5"), ("x-tenant", "cairo"), ("via", "")],
        isEnd: false)
      $0.data(1, Array("hello".utf8))
      $0.head(1, [("x-sum", "7")])
    }
    #expect(stream.isHeadReady && stream.headFault == nil && stream.bodyFault == nil)
    #expect(stream.head.status == 200 && stream.head.length == .known(5))
    #expect(stream.head.fields.count == 3)
    #expect(stream.headBlock.text(stream.head.fields[1].value) == "cairo")
    #expect(stream.headBlock.text(stream.head.lengthName) == "content-length")
    #expect(stream.unreadCount == 5 && stream.isEnded)
    #expect(String(decoding: stream.trailerLines, as: UTF8.self) == "x-sum: 7\r\n")
    #expect(asking.closed == [1])
  }

  /// Interim heads stand one at a time, and nothing of what follows them is lost.
  @Test(arguments: [false, true]) func interimHeadsWaitForEachOther(byByte: Bool) {
    let asking = Asking()
    let stream = asking.ask()
    asking.receive(byByte: byByte) {
      $0.settings()
      for step in 1...3 {
        $0.head(1, [(":status", "103"), ("link", "<\(step)>")], isEnd: false)
      }
      $0.head(1, [(":status", "200")], isEnd: false)
      $0.data(1, Array("ok".utf8))
      $0.head(1, [("x-end", "1")])
    }
    for step in 1...3 {
      #expect(stream.isHeadReady && stream.head.status == 103)
      #expect(stream.headBlock.text(stream.head.fields[0].value) == "<\(step)>")
      stream.passHead(asking.pool)
    }
    #expect(stream.isHeadReady && stream.head.status == 200 && stream.headFault == nil)
    stream.passHead(asking.pool)
    #expect(!stream.isHeadReady && stream.unreadCount == 2 && stream.isEnded)
    #expect(stream.bodyFault == nil && stream.trailerTable.count == 1)
  }

  /// More interim heads than anybody sends are not kept.
  @Test func interimHeadsThatWaitHaveALimit() {
    let asking = Asking()
    let stream = asking.ask()
    let long = String(repeating: "a", count: 10_000)
    asking.receive { frames in
      frames.settings()
      for _ in 0..<60 { frames.head(1, [(":status", "103"), ("link", long)], isEnd: false) }
    }
    for _ in 0..<60 where stream.headFault == nil { stream.passHead(asking.pool) }
    #expect(stream.headFault == .headTooLarge)
  }

  private static let refused: [(HeadFault, [(String, String)])] = [
    (.missingPseudoField, [("x", "y")]), (.missingPseudoField, []),
    (.badStatus, [(":status", "20")]), (.badStatus, [(":status", "2000")]),
    (.badStatus, [(":status", "abc")]), (.badStatus, [(":status", "099")]),
    (.badStatus, [(":status", "600")]), (.badStatus, [(":status", "101")]),
    (.badStatus, [(":status", "103")]),
    (.repeatedPseudoField, [(":status", "200"), (":status", "200")]),
    (.unknownPseudoField, [(":status", "200"), (":path", "/")]),
    (.unknownPseudoField, [(":method", "GET")]),
    (.badFieldName, [(":status", "200"), ("X-Upper", "y")]),
    (.badFieldName, [(":status", "200"), ("x y", "z")]),
    (.badFieldValue, [(":status", "200"), ("x", "a\r\nset-cookie: b")]),
    (.badFieldValue, [(":status", "200"), ("x", "a\u{0}")]),
    (.connectionSpecificField, [(":status", "200"), ("connection", "close")]),
    (.connectionSpecificField, [(":status", "200"), ("transfer-encoding", "chunked")]),
    (.connectionSpecificField, [(":status", "200"), ("keep-alive", "timeout=5")]),
    (.badContentLength, [(":status", "200"), ("content-length", "+1")]),
    (
      .repeatedContentLength,
      [(":status", "200"), ("content-length", "0"), ("content-length", "0")]
    ),
    (.lengthDiffers, [(":status", "200"), ("content-length", "1")]),
    (.tooManyFields, many),
  ]

  private static let many: [(String, String)] = {
    var fields = [(":status", "200")]
    for number in 0..<101 { fields.append(("x-\(number)", "b")) }
    return fields
  }()

  @Test(arguments: refused) func refusesAHead(_ fault: HeadFault, _ fields: [(String, String)]) {
    for byByte in [false, true] {
      let asking = Asking()
      let stream = asking.ask()
      asking.receive(byByte: byByte) {
        $0.settings()
        $0.head(1, fields)
      }
      #expect(stream.headFault == fault && stream.isHeadReady)
      // The connection and its table go on.
      let next = asking.ask()
      asking.receive { $0.head(3, [(":status", "204")]) }
      #expect(next.headFault == nil && next.head.status == 204)
      #expect(asking.session.fault == nil)
    }
  }

  /// What has no payload, and what is shorter or longer than it said.
  @Test func payloadIsWhatTheHeadSays() {
    let asking = Asking()
    let head = asking.ask(.head)
    asking.receive {
      $0.settings()
      $0.head(1, [(":status", "200"), ("content-length", "9")])
    }
    #expect(head.headFault == nil && head.head.declaredLength == 9 && head.head.length == .none)
    let short = asking.ask()
    asking.receive {
      $0.head(3, [(":status", "200"), ("content-length", "9")], isEnd: false)
      $0.data(3, [1, 2], isEnd: true)
    }
    #expect(short.bodyFault == .lengthDiffers)
    let long = asking.ask()
    asking.receive {
      $0.head(5, [(":status", "200"), ("content-length", "1")], isEnd: false)
      $0.data(5, [1, 2], isEnd: true)
    }
    #expect(long.bodyFault == .lengthDiffers)
    let none = asking.ask()
    asking.receive {
      $0.head(7, [(":status", "304")], isEnd: false)
      $0.data(7, [1], isEnd: true)
    }
    #expect(none.bodyFault == .lengthDiffers)
    let empty = asking.ask()
    asking.receive { $0.head(9, [(":status", "200")]) }
    #expect(empty.bodyFault == nil && empty.head.length == .known(0))
  }

  /// RFC 9113 §8.7: what was refused, and what stands above the last that a GOAWAY names, was not acted upon;
  /// all else may have been.
  @Test func knowsWhatWasNotActedUpon() {
    let asking = Asking()
    let (first, second, third) = (asking.ask(), asking.ask(), asking.ask())
    asking.receive {
      $0.settings()
      $0.reset(1, 7)
      $0.frame(7, 0, HTTP2Frames.word(3) + HTTP2Frames.word(0))
    }
    #expect(first.isClosed && first.isRefused)
    #expect(!second.isClosed && !second.isRefused)
    #expect(third.isClosed && third.isRefused)
    #expect(asking.goAways == 1 && asking.session.isGoingAway)
    // Nothing more is asked here, and what is under way goes on.
    #expect(!asking.ask().isHeadSubmitted)
    asking.receive { $0.head(3, [(":status", "200")]) }
    #expect(second.isHeadReady && second.head.status == 200)
    let other = Asking()
    let cut = other.ask()
    other.receive {
      $0.settings()
      $0.reset(1, 2)
    }
    #expect(cut.isClosed && !cut.isRefused && cut.resetCode == .internalError)
  }

  @Test func anEndpointMayLimitItsStreams() {
    let asking = Asking()
    #expect(asking.session.peersStreamsMax == 100)
    asking.receive { $0.settings([(3, 2)]) }
    #expect(asking.session.peersStreamsMax == 2)
    asking.receive { $0.settings([(3, 1_000_000)]) }
    #expect(asking.session.peersStreamsMax == 100)
  }

  /// An endpoint that speaks HTTP/1 or sends a push is not listened to.
  @Test func whatIsNoAnswerEndsTheConnection() {
    for bytes in [
      Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), Array(repeating: 0xFF, count: 64),
    ] {
      let asking = Asking()
      _ = asking.ask()
      asking.session.receive(bytes.span, now: Instant(nanoseconds: 0))
      asking.pull()
      #expect(asking.session.isOver || asking.session.fault != nil)
    }
  }
}
