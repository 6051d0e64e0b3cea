import HTTPServer
import Primitives
import Reactor
import Testing
import WeirTesting

/// Weir's own pages, byte by byte and in virtual time.
@Suite struct ServerConnectionTests {
  private final class Rig {
    let network: SimulatedNetwork
    let loop: EventLoop
    private(set) var listener: ServerListener?
    /// Nobody wakes a simulated loop for its mail.
    private let mail: MailSource
    private let asked = Lock<[ServerRequest]>([])
    private let waiting = Lock<[@Sendable (ServerResponse) -> Void]>([])

    /// `answer`: nil: the request waits until `finish`.
    init(
      connectionsMax: Int = 4, bodyBytesMax: Int = 100,
      _ answer: @escaping @Sendable (ServerRequest) -> ServerResponse?
    ) throws {
      network = SimulatedNetwork(seed: 3)
      loop = try EventLoop(kernel: network)
      mail = MailSource(loop.mailbox)
      let descriptor = try network.listen(
        on: .ip(.loopback4, port: 80), backlog: 1, isShared: false, mode: nil)
      listener = try ServerListener(
        loop: loop, descriptor: descriptor,
        limits: ServerLimits(connectionsMax: connectionsMax, bodyBytesMax: bodyBytesMax)
      ) { [asked, waiting] request, done in
        asked.withLock { $0.append(request) }
        if let response = answer(request) {
          done(response)
        } else {
          waiting.withLock { $0.append(done) }
        }
      }
    }

    var requests: [ServerRequest] { asked.withLock { $0 } }

    func finish(_ response: ServerResponse) {
      waiting.withLock { $0.removeFirst() }(response)
    }

    func connect(_ text: String = "") -> PlayedPeer {
      let peer = PlayedPeer { $0.send(text) }
      network.connect(peer)
      return peer
    }

    func run(for duration: Duration = .seconds(1)) {
      let end = network.time.advanced(by: duration)
      repeat {
        mail.ready(.readable)
        loop.turn(waitingUntil: min(end, network.time.advanced(by: .milliseconds(5))))
      } while network.time < end
    }

    /// What a client that sends `text` is answered.
    func answer(to text: String) -> String {
      let peer = connect(text)
      run()
      return peer.text
    }
  }

  @Test func readsARequestWholeAndAnswersIt() throws {
    let rig = try Rig { .text("hello \($0.body)\n") }
    let answer = rig.answer(
      to:
        "PUT /a/b/?x=%31&y=2 HTTP/1.1\r\nhost: h\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 3\r\n\r\nyou"
    )
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\nhello you\n"))
    let request = try #require(rig.requests.first)
    #expect(request.method == "PUT" && request.path == "/a/b" && request.parameter("x") == "1")
    #expect(request.field("x-a") == "1, 2" && request.field("nothing") == nil)
  }

  @Test func takesChunksAndRequestsThatWereSentAhead() throws {
    let rig = try Rig { .text($0.body + ".") }
    let post = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
    let answer = rig.answer(
      to: post + "3\r\none\r\n0\r\n\r\n" + post + "3\r\ntwo\r\n0\r\n\r\n"
        + "HEAD / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
    let bodies = answer.split(separator: "\r\n\r\n")
    #expect(rig.requests.count == 3)
    #expect(bodies[1].hasPrefix("one.") && bodies[2].hasPrefix("two."))
    #expect(answer.hasSuffix("\r\n\r\n"), "an answer to HEAD has no body")
    #expect(rig.network.openSockets == 0)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 101\r\n\r\n", 413),
    ("PUT / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
  ])
  func badRequestsAreAnsweredAndClosed(text: String, status: Int) throws {
    let rig = try Rig { _ in .text("") }
    let answer = rig.answer(to: text)
    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
    #expect(answer.contains("connection: close"))
    #expect(rig.requests.isEmpty && rig.network.openSockets == 0)
  }

  @Test func aChunkedBodyThatIsTooLongIsRefused() throws {
    let rig = try Rig { _ in .text("") }
    let chunk = "40\r\n" + String(repeating: "a", count: 64) + "\r\n"
    let answer = rig.answer(
      to: "PUT / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" + chunk + chunk)
    #expect(answer.hasPrefix("HTTP/1.1 413 "))
  }

  @Test func anAnswerMayWait() throws {
    let rig = try Rig { _ in
      var response = ServerResponse.text("late")
      response.delay = .seconds(20)
      return response
    }
    let peer = rig.connect("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
    rig.run(for: .seconds(19))
    #expect(peer.text.isEmpty)
    rig.run(for: .seconds(2))
    #expect(peer.text.hasSuffix("late"))
  }

  @Test func whoOnlyHoldsConnectionsMakesRoom() throws {
    let rig = try Rig(connectionsMax: 2) { $0.path == "/slow" ? nil : .text("ok") }
    let slow = rig.connect("GET /slow HTTP/1.1\r\nhost: h\r\n\r\n")
    let idle = rig.connect()
    rig.run()
    #expect(rig.answer(to: "GET / HTTP/1.1\r\nhost: h\r\n\r\n").hasSuffix("ok"))
    #expect(idle.hasEnded && !slow.hasEnded)
    rig.finish(.text("slowly"))
    rig.run()
    #expect(slow.text.hasSuffix("slowly"))
    rig.run(for: .seconds(60))
    #expect(rig.network.openSockets == 0, "idle connections end by themselves")
  }

  // MARK: Events

  @Test func eventsAreSentAsTheyHappen() throws {
    let events = ServerEvents()
    events.send("first", "a\nb")
    let rig = try Rig { _ in .events(events) }
    let page = rig.connect("GET /live HTTP/1.1\r\nhost: h\r\n\r\n")
    rig.run()
    #expect(page.text.contains("content-type: text/event-stream\r\n"))
    #expect(!page.text.contains("content-length"))
    #expect(page.text.hasSuffix("\r\n\r\nevent: first\ndata: a\ndata: b\n\n"))
    events.send("second", "c")
    rig.run()
    #expect(page.text.hasSuffix("event: second\ndata: c\n\n"))
    rig.run(for: .seconds(100))
    #expect(page.text.hasSuffix(":\n\n") && !page.hasEnded, "a quiet page stays open")
    events.send("last", "d")
    events.close()
    rig.run()
    #expect(page.text.hasSuffix("event: last\ndata: d\n\n") && page.hasEnded)
  }

  @Test func aPageThatLeavesIsSentNothingMore() throws {
    let events = ServerEvents()
    let rig = try Rig { _ in .events(events) }
    let page = rig.connect("GET /live HTTP/1.1\r\nhost: h\r\n\r\n")
    rig.run()
    page.socket?.close()
    rig.run()
    #expect(!events.send("more", "x") && rig.network.openSockets == 0)
  }

  @Test func aPageThatDoesNotReadIsCut() throws {
    let events = ServerEvents()
    let rig = try Rig { _ in .events(events) }
    let page = rig.connect("GET /live HTTP/1.1\r\nhost: h\r\n\r\n")
    page.reads = false
    rig.run()
    let line = String(repeating: "x", count: 10_000)
    var taken = 0
    while taken < 1000, events.send("event", line) {
      taken += 1
      if taken % 10 == 0 { rig.run(for: .milliseconds(10)) }
    }
    #expect(taken < 1000)
    rig.run()
    #expect(rig.network.openSockets == 0)
  }

  @Test func closingCutsAllConnections() throws {
    let rig = try Rig { _ in nil }
    let peer = rig.connect("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
    rig.run()
    rig.listener?.close(reset: true)
    rig.run()
    #expect(peer.wasReset && rig.network.openSockets == 0)
    rig.finish(.text("for nobody"))
    rig.run()
  }
}
