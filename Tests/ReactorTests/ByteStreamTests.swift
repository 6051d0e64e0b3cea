import Primitives
import Reactor
import Testing
import Transport

/// The loop and a stream over a kernel that plays a script: which calls are made, and which are not.
struct ByteStreamTests {
  private final class Stream: ByteStream {
    var edges = 0

    override func ready(_ readiness: Readiness) {
      note(readiness)
      edges += 1
    }
  }

  private let kernel = ScriptedKernel()
  private let loop: EventLoop
  private let pool = BufferPool(bytesMax: 1 << 20)

  init() throws {
    loop = try EventLoop(kernel: kernel)
  }

  private func stream(_ descriptor: Int32) throws -> Stream {
    let stream = Stream(loop: loop, isConnected: true)
    try loop.add(stream, on: descriptor)
    #expect(pool.lend(to: stream.input) && pool.lend(to: stream.output))
    return stream
  }

  private func tell(_ token: UInt64, _ readiness: Readiness) {
    kernel.events.append([ReadyEvent(token: token, readiness: readiness)])
    loop.turn(waitingUntil: loop.now)
  }

  @Test func takesAShortReceiveForTheEnd() throws {
    let stream = try stream(5)
    let token = try #require(kernel.watched[5])
    #expect(stream.receive(into: stream.input) == .wouldBlock && kernel.calls == 0)
    tell(token, .readable)
    kernel.receives = [.bytes(16), .bytes(4)]
    #expect(stream.receive(into: stream.input, upTo: 16) == .bytes(16))
    // As much as was asked for: there may be more.
    #expect(stream.mayReceive)
    #expect(stream.receive(into: stream.input, upTo: 16) == .bytes(4))
    #expect(!stream.mayReceive && stream.receive(into: stream.input) == .wouldBlock)
    #expect(kernel.calls == 2 && stream.bytesReceived == 20)
  }

  /// No edge comes for an end that was told with the bytes before it.
  @Test func readsOnToAnEndThatWasTold() throws {
    let stream = try stream(5)
    tell(try #require(kernel.watched[5]), [.readable, .peerEnded])
    kernel.receives = [.bytes(4), .endOfStream]
    #expect(stream.receive(into: stream.input) == .bytes(4))
    #expect(stream.mayReceive && stream.receive(into: stream.input) == .endOfStream)
  }

  @Test func sendsTheRestAtTheNextEdge() throws {
    let stream = try stream(5)
    let token = try #require(kernel.watched[5])
    stream.output.append("hello world")
    kernel.sends = [.bytes(5), .wouldBlock, .bytes(6)]
    #expect(stream.flush() == .blocked(tookSome: true))
    #expect(stream.flush() == .blocked(tookSome: false) && kernel.calls == 1)
    tell(token, .writable)
    // ENOBUFS looks like this, too: there was an edge, and still no room.
    #expect(stream.flush() == .blocked(tookSome: false) && kernel.calls == 2)
    tell(token, .writable)
    #expect(stream.flush() == .drained && stream.bytesSent == 11)
  }

  @Test func tellsABrokenConnection() throws {
    let stream = try stream(5)
    stream.output.append("x")
    kernel.sends = [.failed(Errno(32))]
    #expect(stream.flush() == .failed(Errno(32)) && stream.isBroken)
  }

  /// The kernel may still hold an event of a descriptor that was closed; the number is used again.
  @Test func dropsEventsOfAClosedDescriptor() throws {
    let first = try stream(5)
    let stale = try #require(kernel.watched[5])
    loop.close(first)
    #expect(kernel.closed == [5])
    let second = try stream(5)
    let token = try #require(kernel.watched[5])
    #expect(token != stale)
    tell(stale, .readable)
    #expect(first.edges == 0 && second.edges == 0)
    tell(token, .readable)
    #expect(second.edges == 1)
  }

  @Test func leavesTheDescriptorToWhoFailedToAddIt() throws {
    kernel.watchFailure = Errno(12)
    let stream = Stream(loop: loop, isConnected: true)
    #expect(throws: Errno(12)) { try loop.add(stream, on: 5) }
    #expect(!stream.isOpen && kernel.closed.isEmpty)
    kernel.watchFailure = nil
    try loop.add(stream, on: 6)
    #expect(stream.isOpen && kernel.watched[6] != nil)
  }
}
