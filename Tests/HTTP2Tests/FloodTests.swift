import HTTP2
import Primitives
import Testing
import WeirTesting

/// Each flood ends its connection, and says so (`limits.md`).
struct FloodTests {
  private func ends(_ bench: Bench, by fault: SessionFault) {
    #expect(bench.session.fault == fault)
    #expect(bench.goAway?.code == fault.code.rawValue)
    #expect(bench.goAway?.text == "\(fault.debugText)")
    #expect(bench.goAways == [fault.code])
    #expect(bench.session.isOver)
    // What follows is not looked at.
    let known = bench.requests.count
    var more = HTTP2Frames()
    more.request(9999)
    bench.receive(more)
    #expect(bench.requests.count == known)
  }

  @Test func rapidReset() {
    let bench = Bench()
    bench.receive(HTTP2Frames.begun)
    for id in stride(from: UInt32(1), to: 4001, by: 2) {
      var frames = HTTP2Frames()
      frames.request(id)
      frames.reset(id)
      bench.receive(frames)
      if bench.session.fault != nil { break }
    }
    #expect(bench.requests.count == 1001)
    ends(bench, by: .rapidReset)
  }

  @Test func resetsOverTimeAreNoFlood() {
    let bench = Bench()
    bench.receive(HTTP2Frames.begun)
    for id in stride(from: UInt32(1), to: 6001, by: 2) {
      bench.now = bench.now.advanced(byNanoseconds: 31_000_000)
      var frames = HTTP2Frames()
      frames.request(id)
      frames.reset(id)
      bench.receive(frames)
    }
    #expect(bench.session.fault == nil)
    #expect(bench.requests.count == 3000)
  }

  /// CVE-2025-8671: what makes us reset streams, here a window that is opened too far (RFC 9113 §6.9.1).
  @Test func madeYouReset() {
    let bench = Bench()
    bench.receive(HTTP2Frames.begun)
    for id in stride(from: UInt32(1), to: 1001, by: 2) {
      var frames = HTTP2Frames()
      frames.request(id, isEnd: false)
      frames.window(id, 0x7FFF_FFFF)
      bench.receive(frames)
      if bench.session.fault != nil { break }
    }
    #expect(bench.requests.count < 210)
    ends(bench, by: .streamErrors)
  }

  /// The same by heads that are refused by us.
  @Test func malformedHeads() {
    let bench = Bench()
    bench.receive(HTTP2Frames.begun)
    for id in stride(from: UInt32(1), to: 1001, by: 2) {
      var frames = HTTP2Frames()
      frames.request(id, [("X", "y")])
      bench.receive(frames)
      if let stream = bench.requests.last {
        bench.session.reset(stream, .protocolError, isPeersFault: true)
        bench.pull()
      }
      if bench.session.fault != nil { break }
    }
    ends(bench, by: .streamErrors)
  }

  /// Streams that we end for reasons of ours are nobody's fault.
  @Test func ourOwnResetsAreNoFlood() {
    let bench = Bench()
    bench.receive(HTTP2Frames.begun)
    for id in stride(from: UInt32(1), to: 1001, by: 2) {
      var frames = HTTP2Frames()
      frames.request(id, isEnd: false)
      bench.receive(frames)
      if let stream = bench.requests.last { bench.session.reset(stream, .noError) }
      bench.pull()
    }
    #expect(bench.session.fault == nil)
    #expect(bench.resets.count == 500)
  }

  @Test func continuation() {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    frames.frame(1, flags: 1, 1, HTTP2Frames.block(HTTP2Frames.pseudo()))
    for _ in 0..<100_000 { frames.frame(9, 1) }
    bench.receive(frames)
    ends(bench, by: .continuationFlood)
  }

  /// A table entry of 4,000 bytes that is named again and again by a byte (RFC 7541 §6.1).
  @Test func headerBomb() {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    let value = String(repeating: "a", count: 3900)
    var block =
      HTTP2Frames.block(HTTP2Frames.pseudo()) + [0x40]
      + HTTP2Frames.block([("x", value)]).dropFirst()
    block += Array(repeating: 0xBE, count: 10_000)
    frames.frame(1, flags: 5, 1, block)
    bench.receive(frames)
    #expect(bench.requests.isEmpty)
    ends(bench, by: .headerListTooLarge)
  }

  @Test func settings() {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    for _ in 0..<300 { frames.settings() }
    bench.receive(frames)
    ends(bench, by: .settingsFlood)
  }

  @Test func ping() {
    let bench = Bench()
    bench.receive(HTTP2Frames.begun)
    for _ in 0..<30 {
      var frames = HTTP2Frames()
      for _ in 0..<50 { frames.ping() }
      bench.receive(frames)
    }
    ends(bench, by: .pingFlood)
  }

  /// A peer that does not read its answers.
  @Test func outputQueue() {
    var limits = SessionLimits()
    limits.queuedFramesMax = 100
    let bench = Bench(limits)
    var frames = HTTP2Frames.begun
    for _ in 0..<150 { frames.ping() }
    bench.receive(frames)
    ends(bench, by: .outputQueueFull)
  }

  @Test func priority() {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    for _ in 0..<201 { frames.frame(2, 3, [0, 0, 0, 0, 16]) }
    bench.receive(frames)
    ends(bench, by: .priorityFlood)
  }

  @Test func windowUpdate() {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    frames.request(1, isEnd: false)
    for _ in 0..<8 { frames.window(0, 1) }
    bench.receive(frames)
    ends(bench, by: .windowUpdateFlood)
  }

  @Test(arguments: [false, true]) func emptyData(isPadded: Bool) {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    frames.request(1, isEnd: false)
    for _ in 0..<101 {
      if isPadded { frames.frame(0, flags: 8, 1, [0]) } else { frames.data(1, []) }
    }
    bench.receive(frames)
    ends(bench, by: .emptyDataFlood)
  }

  @Test func unknownFrames() {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    for _ in 0..<1001 { frames.frame(0xBB, 0) }
    bench.receive(frames)
    ends(bench, by: .unknownFrameFlood)
  }

  @Test func anotherPreface() {
    let bench = Bench()
    var frames = HTTP2Frames()
    frames.bytes = Array("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".utf8)
    bench.receive(frames)
    ends(bench, by: .badPreface)
  }
}
