import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Testing
import WeirTesting

/// Weir's own calls, byte by byte and in virtual time.
@Suite struct ClientConnectionTests {
  private final class Rig {
    let network: SimulatedNetwork
    let loop: EventLoop
    let client: ClientConnection
    let pool = BufferPool(bytesMax: 2 * BufferPool.smallBytes)
    var results: [Result<ClientAnswer, ClientFault>] = []
    var parts: [UInt8] = []
    var connections = 0
    var asked: [PlainMessage] = []

    /// `conduct`: what the peer does with the request of that number, from 0, on its connection of that
    /// number; nil: it refuses to be connected to.
    init(seed: UInt64 = 7, conduct: ((Int, Int, PlayedPeer) -> Void)?) throws {
      network = SimulatedNetwork(seed: seed)
      loop = try EventLoop(kernel: network)
      client = ClientConnection(loop: loop, pool: pool, address: .ip(.loopback4, port: 80))
      network.answerConnect = { [unowned self] _ in
        guard let conduct else { return .refused }
        let connection = connections
        connections += 1
        return .peer(
          PlayedPeer(asked: { [unowned self] message, peer in
            asked.append(message)
            conduct(asked.count - 1, connection, peer)
          }))
      }
    }

    func begin(_ call: ClientCall, within seconds: Int = 5) {
      let fault = client.begin(
        call, until: loop.now.advanced(by: .seconds(seconds)), part: { [self] in parts += $0 },
        ended: { [self] in results.append($0) })
      if let fault { results.append(.failure(fault)) }
    }

    func run(for duration: Duration = .seconds(10)) {
      let end = network.time.advanced(by: duration)
      while network.time < end { loop.turn(waitingUntil: end) }
    }

    /// The end of one call.
    func end(of call: ClientCall) -> Result<ClientAnswer, ClientFault>? {
      results = []
      begin(call)
      run()
      #expect(results.count == 1)
      return results.first
    }

    func fault(of call: ClientCall) -> ClientFault? {
      guard case .failure(let fault)? = end(of: call) else { return nil }
      #expect(network.openSockets == 0 && client.isIdle && pool.bytesLent == 0)
      return fault
    }
  }

  private static func call(
    _ body: ClientCall.Body = .kept(bytesMax: 1000), keepsOpen: Bool = false
  ) -> ClientCall {
    ClientCall(
      .get, "/v1/a?b=c", host: "consul", answerBody: body, headBytesMax: 512, keepsOpen: keepsOpen)
  }

  @Test func asksAndReadsTheAnswerWhole() throws {
    let rig = try Rig { _, _, peer in
      peer.send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX-Index: 7\r\n")
      peer.send("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    }
    var call = Self.call()
    call.fields = [(name: "x-token", value: "s")]
    let answer = try #require(try rig.end(of: call)?.get())
    #expect(answer.status == 200 && answer.field("x-index") == "7")
    #expect(String(decoding: answer.body, as: UTF8.self) == "abcde")
    #expect(rig.asked.first?.startLine == "GET /v1/a?b=c HTTP/1.1")
    #expect(rig.asked.first?["host"] == "consul" && rig.asked.first?["x-token"] == "s")
    #expect(rig.asked.first?["connection"] == "close")
    #expect(rig.network.openSockets == 0 && rig.pool.bytesLent == 0)
  }

  @Test func sendsABodyThatIsLongerThanItsBuffer() throws {
    let rig = try Rig { _, _, peer in peer.send("HTTP/1.1 204 No Content\r\n\r\n") }
    var call = Self.call()
    call.method = .put
    call.body = [UInt8](repeating: 0x61, count: 100_000)
    #expect(try rig.end(of: call)?.get().status == 204)
    #expect(rig.asked.first?.body == call.body)
  }

  @Test func keepsTheConnectionForTheNextCall() throws {
    let rig = try Rig { number, _, peer in
      peer.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\(number)")
    }
    for number in 0..<3 {
      let answer = try rig.end(of: Self.call(keepsOpen: true))?.get()
      #expect(answer?.body == Array("\(number)".utf8))
      #expect(rig.network.openSockets == 1 && rig.pool.bytesLent == 0)
    }
    #expect(rig.connections == 1)
    rig.client.close()
    #expect(rig.network.openSockets == 0)
  }

  /// The peer closed the kept connection just as the next call went out: it is made once more.
  @Test func aStaleConnectionIsOpenedAnewOnce() throws {
    let rig = try Rig { number, connection, peer in
      if number == 1 || connection == 2 { return peer.socket?.close() ?? () }
      peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    }
    #expect(try rig.end(of: Self.call(keepsOpen: true))?.get().status == 200)
    #expect(try rig.end(of: Self.call(keepsOpen: true))?.get().status == 200)
    #expect(rig.connections == 2 && rig.asked.count == 3)
  }

  /// It cannot be opened anew: the caller hears so, once.
  @Test func aStaleConnectionThatCannotBeOpenedAnewIsAFault() throws {
    let rig = try Rig { number, _, peer in
      if number == 1 { return peer.socket?.close() ?? () }
      peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    }
    #expect(try rig.end(of: Self.call(keepsOpen: true))?.get().status == 200)
    rig.network.connectFault = SimulatedNetwork.outOfDescriptors
    #expect(rig.fault(of: Self.call(keepsOpen: true)) == .notSent)
  }

  @Test func whatMayNotBeRepeatedIsNot() throws {
    let rig = try Rig { number, _, peer in
      if number == 1 { return peer.socket?.close() ?? () }
      peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    }
    #expect(try rig.end(of: Self.call(keepsOpen: true))?.get().status == 200)
    var post = Self.call(keepsOpen: true)
    post.method = .post
    #expect(rig.fault(of: post) == .closed)
    #expect(rig.asked.count == 2)
  }

  @Test func aBodyThatStreamsIsToldAsItComes() throws {
    let rig = try Rig { _, _, peer in
      peer.send("HTTP/1.1 200 OK\r\n\r\nab")
    }
    rig.begin(Self.call(.streamed), within: 60)
    rig.run(for: .seconds(1))
    #expect(rig.parts == Array("ab".utf8) && rig.results.isEmpty)
    rig.client.close()
    rig.run(for: .seconds(90))
    #expect(rig.results.isEmpty && rig.network.openSockets == 0 && rig.pool.bytesLent == 0)
  }

  @Test func everyFaultHasItsName() throws {
    #expect(try Rig(conduct: nil).fault(of: Self.call()) == .notConnected(.connectRefused))
    let answers: [(String, ClientFault)] = [
      ("SSH-2.0-OpenSSH_9.9\r\n", .malformed(.sshBanner)),
      (
        "HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n" + .init(repeating: "a", count: 2000),
        .tooLarge
      ),
      ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nz\r\n", .malformedBody(.badChunkSize)),
      ("HTTP/1.1 200 OK\r\nx: " + .init(repeating: "a", count: 5000), .malformed(.headTooLarge)),
      (String(repeating: "HTTP/1.1 100 Go\r\n\r\n", count: 500), .malformed(.headTooLarge)),
    ]
    for (text, fault) in answers {
      let rig = try Rig { _, _, peer in peer.send(text) }
      #expect(rig.fault(of: Self.call()) == fault)
    }
    let closes = try Rig { _, _, peer in
      peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")
      peer.socket?.close()
    }
    #expect(closes.fault(of: Self.call()) == .closed)
    let resets = try Rig { _, _, peer in peer.socket?.reset(losing: true) }
    #expect(resets.fault(of: Self.call()) == .closed)
    let hangs = try Rig { _, _, _ in }
    #expect(hangs.fault(of: Self.call()) == .timeout)
    let drips = try Rig { _, _, peer in Self.drip(peer) }
    #expect(drips.fault(of: Self.call()) == .timeout)
  }

  private static func drip(_ peer: PlayedPeer) {
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n")
    guard let network = peer.socket?.network else { return }
    for second in 1..<20 { network.after(.seconds(second)) { peer.send("a") } }
  }

  /// Any split of the same bytes gives the same answer.
  @Test(arguments: 0..<40) func splitsSayTheSame(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
      + "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\na: b\r\n\r\n"
    var pieces: [String] = []
    var rest = Substring(text)
    while !rest.isEmpty {
      let count = Int(random.below(9)) + 1
      pieces.append(String(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    let rig = try Rig(seed: seed) { [pieces] _, _, peer in
      guard let network = peer.socket?.network else { return }
      for (index, piece) in pieces.enumerated() {
        network.after(.milliseconds(index)) { peer.send(piece) }
      }
    }
    let answer = try rig.end(of: Self.call(keepsOpen: true))?.get()
    #expect(answer.map { String(decoding: $0.body, as: UTF8.self) } == "hello!")
    #expect(rig.network.openSockets == 1, "the connection is kept")
  }

  @Test func aConnectionAloneCanBeAskedFor() throws {
    let rig = try Rig { _, _, _ in }
    #expect(try rig.end(of: .connect())?.get().status == 0)
    #expect(rig.asked.isEmpty && rig.network.openSockets == 0)
    #expect(try Rig(conduct: nil).fault(of: .connect()) == .notConnected(.connectRefused))
  }
}
