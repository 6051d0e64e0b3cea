import HTTP2
import HTTPModel
import Primitives
import Testing
import WeirTesting

/// Windows, trailers, ends and drains of a session.
struct SessionTests {
  private func begun(_ limits: SessionLimits = SessionLimits()) -> Bench {
    let bench = Bench(limits)
    bench.receive(HTTP2Frames.begun)
    return bench
  }

  @Test func announcesItsLimits() throws {
    let bench = begun()
    let settings = try #require(bench.frames(4).first { $0.flags == 0 })
    #expect(settings.payload.count == 18)
    #expect(Array(settings.payload.prefix(6)) == [0, 3, 0, 0, 0, 100])
    #expect(bench.frames(8).first?.word == 983_041)
  }

  @Test func answersByHeadAndBody() throws {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1)
    bench.receive(frames, byByte: true)
    let stream = try #require(bench.requests.first)
    #expect(stream.isEnded)
    bench.answer(stream, Array("hello".utf8))
    let head = try #require(bench.frames(1, on: 1).first)
    // The table's entry for `:status: 200` (RFC 7541, appendix A).
    #expect(head.payload == [0x88] && head.flags == 4)
    #expect(bench.frames(0, on: 1).map(\.payload) == [Array("hello".utf8)])
    #expect(bench.frames(0, on: 1).last?.flags == 1)
    #expect(stream.isEndSent && bench.closed.count == 1)
  }

  @Test func answersWithoutABodyInOneFrame() throws {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1)
    bench.receive(frames)
    bench.answer(try #require(bench.requests.first), [])
    #expect(bench.frames(1, on: 1).map(\.flags) == [5])
    #expect(bench.frames(0).isEmpty)
  }

  @Test(arguments: [[], Array("x".utf8)]) func sendsTrailers(body: [UInt8]) throws {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1)
    bench.receive(frames)
    let stream = try #require(bench.requests.first)
    bench.answer(stream, body, isEnd: false)
    _ = bench.pool.lend(to: stream.trailerFields.text)
    stream.trailerFields.begin("grpc-status")
    stream.trailerFields.text.append("0")
    stream.trailerFields.end()
    stream.outputEnds = true
    bench.session.resume(stream)
    bench.pull()
    #expect(bench.frames(1, on: 1).map(\.flags) == [4, 5])
    #expect(bench.frames(0, on: 1).allSatisfy { $0.flags == 0 })
    #expect(stream.isEndSent && bench.closed.count == 1)
  }

  /// A stream's window stops its own payload and nobody else's.
  @Test func aSlowReaderHoldsBackItsOwnStream() throws {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    frames.window(0, 1 << 20)
    frames.request(1)
    frames.request(3)
    bench.receive(frames)
    let payload = [UInt8](repeating: 7, count: 60_000)
    bench.answer(bench.requests[0], payload, isEnd: false)
    bench.requests[0].output.append([UInt8](repeating: 7, count: 5_535))
    bench.answer(bench.requests[0], [1, 2, 3])
    #expect(bench.requests[0].output.count == 3)
    bench.answer(bench.requests[1], payload)
    #expect(bench.requests[1].isEndSent)
    var more = HTTP2Frames()
    more.window(1, 2)
    bench.receive(more)
    #expect(bench.requests[0].output.count == 1)
    more.bytes = []
    more.window(1, 2)
    bench.receive(more)
    #expect(bench.requests[0].isEndSent)
    let sent = bench.frames(0, on: 1).reduce(0) { $0 + $1.payload.count }
    #expect(sent == 65_538)
  }

  /// In a block that never has room for a whole large frame.
  @Test func goesOnWhereTheOutputIsSmall() throws {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1)
    bench.receive(frames)
    let stream = try #require(bench.requests.first)
    _ = bench.pool.lend(to: stream.output, atLeast: BufferPool.largeBytes)
    stream.output.append([UInt8](repeating: 7, count: 50_000))
    stream.outputEnds = true
    _ = bench.pool.lend(to: stream.fields.text)
    stream.fields.begin(":status")
    stream.fields.text.append("200")
    stream.fields.end()
    bench.session.submitHead(of: stream)
    bench.pull(blockBytes: 2048)
    #expect(bench.frames(0, on: 1).reduce(0) { $0 + $1.payload.count } == 50_000)
    #expect(stream.isEndSent)
  }

  /// RFC 9113 §6.9: the connection's credit returns at once, a stream's when its bytes have left.
  @Test func aStreamsWindowOpensWhenItsBytesLeave() throws {
    var limits = SessionLimits()
    limits.connectionWindowBytes = 65_535
    let bench = begun(limits)
    var frames = HTTP2Frames()
    frames.request(1, method: "POST", isEnd: false)
    for _ in 0..<4 { frames.data(1, [UInt8](repeating: 1, count: 10_000)) }
    bench.receive(frames)
    let stream = try #require(bench.requests.first)
    #expect(!bench.frames(8, on: 0).isEmpty)
    #expect(bench.frames(8, on: 1).isEmpty)
    #expect(stream.unreadCount == 40_000)
    bench.session.take(40_000, of: stream)
    bench.pull()
    #expect(bench.frames(8, on: 1).map(\.word) == [40_000])
    #expect(stream.payload.isEmpty && stream.goneBytes == 40_000)
  }

  /// What is kept for another attempt opens no window; what cannot be kept any more does.
  @Test func keepsABodyForAnotherAttempt() throws {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1, method: "POST", isEnd: false)
    frames.data(1, [UInt8](repeating: 1, count: 10_000))
    bench.receive(frames)
    let stream = try #require(bench.requests.first)
    stream.keep(upTo: 30_000)
    bench.session.take(10_000, of: stream)
    bench.pull()
    #expect(bench.frames(8, on: 1).isEmpty && stream.unreadCount == 0)
    stream.rewind()
    #expect(stream.unreadCount == 10_000)
    frames.bytes = []
    for _ in 0..<3 { frames.data(1, [UInt8](repeating: 2, count: 10_000)) }
    bench.receive(frames)
    bench.session.take(stream.unreadCount, of: stream)
    bench.pull()
    #expect(bench.frames(8, on: 1).map(\.word) == [40_000])
    #expect(stream.goneBytes == 40_000)
  }

  @Test func aPeerThatIgnoresAWindowIsReset() {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1, method: "POST", isEnd: false)
    for _ in 0..<7 { frames.data(1, [UInt8](repeating: 1, count: 10_000)) }
    bench.receive(frames)
    #expect(bench.resets.map(\.word) == [3] || bench.goAway?.code == 3)
  }

  @Test func keepsTrailersOfARequest() throws {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1, method: "POST", isEnd: false)
    frames.data(1, [1, 2, 3])
    frames.head(1, [("x-sum", "6"), ("authorization", "basic x")])
    bench.receive(frames)
    let stream = try #require(bench.requests.first)
    #expect(stream.isEnded && stream.bodyFault == nil)
    #expect(String(decoding: stream.trailerLines, as: UTF8.self) == "x-sum: 6\r\n")
  }

  @Test func refusesBodiesThatAreNotAsDeclared() throws {
    func fault(_ send: (inout HTTP2Frames) -> Void, length: String? = nil) throws -> BodyFault? {
      let bench = begun()
      var frames = HTTP2Frames()
      frames.request(
        1, method: "POST", length.map { [("content-length", $0)] } ?? [], isEnd: false)
      send(&frames)
      bench.receive(frames)
      return try #require(bench.requests.first).bodyFault
    }
    #expect(try fault({ $0.data(1, [1, 2], isEnd: true) }, length: "3") == .lengthDiffers)
    #expect(try fault({ $0.data(1, [1, 2, 3, 4]) }, length: "3") == .lengthDiffers)
    #expect(try fault({ $0.data(1, [1, 2, 3], isEnd: true) }, length: "3") == nil)
    #expect(try fault({ $0.head(1, [("x", "y")]) }, length: "3") == .lengthDiffers)
    #expect(try fault({ $0.head(1, [("x", "y")], isEnd: false) }) == .trailersWithoutEnd)
    #expect(try fault({ $0.head(1, [(":path", "/")]) }) == .badTrailer)
    #expect(try fault({ $0.head(1, [("x\n", "/")]) }) == .badTrailer)
    #expect(try fault({ $0.head(1, [("x", "a\r\nb: c")]) }) == .badTrailer)
    #expect(try fault({ $0.head(1, [("content-length", "1")]) }) == .forbiddenTrailer)
    #expect(try fault({ $0.head(1, [("host", "b")]) }) == .forbiddenTrailer)
    let many = (0..<40).map { ("x-\($0)", "b") }
    #expect(try fault({ $0.head(1, many) }) == .trailersTooLarge)
  }

  @Test func tellsOfAResetAndWhy() throws {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1)
    frames.reset(1, 8)
    bench.receive(frames)
    #expect(bench.closed.first?.resetCode == .cancel)
    #expect(bench.session.streamCount == 0)
    // Nothing is sent on it any more.
    bench.answer(try #require(bench.requests.first), [1])
    #expect(bench.frames(1).isEmpty)
  }

  @Test func refusesStreamsAboveTheLimit() {
    var limits = SessionLimits()
    limits.concurrentStreamsMax = 2
    let bench = begun(limits)
    var frames = HTTP2Frames()
    // The peer has acknowledged our limit.
    frames.frame(4, flags: 1, 0)
    for id: UInt32 in [1, 3, 5] { frames.request(id) }
    bench.receive(frames)
    #expect(bench.requests.count == 2)
    #expect(bench.resets.map(\.stream) == [5] || bench.goAway != nil)
  }

  /// RFC 9113 §6.8: first all ids are allowed, and the last is named when a round trip is over.
  @Test func drainsInTwoSteps() throws {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1)
    bench.receive(frames)
    bench.session.beginDrain()
    bench.pull()
    #expect(bench.frames(7).map(\.word) == [0x7FFF_FFFF])
    let ping = try #require(bench.frames(6).first)
    frames.bytes = []
    // A request that was on its way.
    frames.request(3)
    frames.ping(isAnswer: true, String(decoding: ping.payload, as: UTF8.self))
    bench.receive(frames)
    #expect(bench.frames(7).map(\.word) == [0x7FFF_FFFF, 3])
    #expect(bench.goAways == [.noError, .noError])
    frames.bytes = []
    frames.request(5)
    bench.receive(frames)
    #expect(bench.requests.count == 2)
    #expect(!bench.session.isOver)
    for stream in bench.requests { bench.answer(stream, []) }
    #expect(bench.session.isOver)
  }

  /// The library would count the bytes of a frame's header as frames.
  @Test func aHeadMayComeByteByByteInManyFrames() throws {
    let bench = begun()
    let block = HTTP2Frames.block(HTTP2Frames.pseudo())
    var frames = HTTP2Frames()
    frames.frame(1, flags: 1, 1, Array(block.prefix(10)))
    for index in 0..<7 { frames.frame(9, 1, Array(block[(10 + index * 5)..<(15 + index * 5)])) }
    frames.frame(9, flags: 4, 1, Array(block.dropFirst(45)))
    bench.receive(frames, byByte: true)
    #expect(try #require(bench.requests.first).headFault == nil)
  }

  @Test func endsAConnectionThatBreaksItsFraming() {
    let bench = begun()
    var frames = HTTP2Frames()
    // DATA on a stream that nobody opened (§5.1).
    frames.data(7, [1])
    bench.receive(frames)
    #expect(bench.goAway?.code == 1)
    #expect(bench.session.isOver)
  }

  @Test func anInterimHeadGoesAhead() throws {
    let bench = begun()
    var frames = HTTP2Frames()
    frames.request(1, isEnd: false)
    bench.receive(frames)
    let stream = try #require(bench.requests.first)
    let interim = FieldList()
    _ = bench.pool.lend(to: interim.text)
    interim.begin(":status")
    interim.text.append("100")
    interim.end()
    bench.session.submitInterim(interim, on: stream)
    bench.answer(stream, [])
    #expect(bench.frames(1, on: 1).map(\.flags) == [4, 5])
  }
}
