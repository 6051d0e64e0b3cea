import Foundation
import Glibc
import Testing
import WeirTesting

/// The relay does what it is told, in front of a real nginx.
@Suite(.serialized)
struct RelayTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\nX-Load-Id: one\r\n\r\n"
  private let fleet: Fleet
  private var relay: Relay { fleet.relays[0] }

  init() throws { fleet = try Fleet(1, bodyBytes: 1000) }

  private func connected() throws -> BlockingSocket { try .connect(port: relay.port) }

  /// How a read fails; nil: it does not.
  private func failure(_ socket: BlockingSocket) -> Int32? {
    do {
      _ = try socket.receive()
      return nil
    } catch { return (error as? BlockingSocket.Failure)?.number }
  }

  private func expectServed(_ socket: BlockingSocket) throws {
    try socket.send(Self.get)
    #expect(try socket.receiveMessage().hasSuffix(String(repeating: "a", count: 1000)))
  }

  @Test func passes() throws {
    let socket = try connected()
    try expectServed(socket)
    try expectServed(socket)
    #expect(relay.counts == RelayCounts(accepted: 1, open: 1, answers: 2))
    socket.close()
    #expect(Patience.waits { relay.counts.open == 0 })
  }

  @Test func passesMuchAndAHalfClose() throws {
    let large = try Fleet(1, bodyBytes: 3_000_000)
    let socket = try BlockingSocket.connect(port: large.relays[0].port)
    try socket.send("GET / HTTP/1.0\r\nX-Load-Id: one\r\n\r\n")
    let answer = try socket.receiveAll()
    #expect(answer.utf8.count > 3_000_000 && answer.utf8.filter { $0 == 0x61 }.count > 3_000_000)
    // The end went to nginx too, which would else keep the connection for a minute.
    let second = try BlockingSocket.connect(port: large.relays[0].port)
    second.shutdownSend()
    #expect(try second.receiveAll().isEmpty)
  }

  @Test func delaysEachWay() throws {
    relay.behave(.delaying(.milliseconds(40)))
    let socket = try connected()
    let began = ContinuousClock.now
    try expectServed(socket)
    #expect(began.duration(to: .now) >= .milliseconds(80))
    // Live, on the same connection.
    relay.behave(.passing)
    try expectServed(socket)
  }

  @Test func trickles() throws {
    relay.behave(.trickling(bytesPerSecond: 10_000))
    let socket = try connected()
    let began = ContinuousClock.now
    try expectServed(socket)
    // More than 1000 bytes, the first hundredth of a second's at once.
    #expect(began.duration(to: .now) >= .milliseconds(90))
  }

  @Test func refusesAndListensAgain() throws {
    let before = try connected()
    try expectServed(before)
    relay.behave(.refusing)
    for _ in 0..<20 {
      #expect { try connected() } throws: {
        ($0 as? BlockingSocket.Failure)?.number == ECONNREFUSED
      }
    }
    try expectServed(before)
    relay.behave(.passing)
    try expectServed(try connected())
  }

  @Test func resetsWhatArrives() throws {
    let before = try connected()
    try expectServed(before)
    relay.behave(.resetting)
    #expect(failure(try connected()) == ECONNRESET)
    try expectServed(before)
  }

  @Test func resetsWhatExists() throws {
    let socket = try connected()
    try expectServed(socket)
    relay.resetConnections()
    #expect(failure(socket) == ECONNRESET)
    #expect(relay.counts.open == 0)
    try expectServed(try connected())
  }

  @Test func holdsAndLetsGo() throws {
    let before = try connected()
    try expectServed(before)
    relay.behave(.blackHole)
    let after = try connected()
    for socket in [before, after] { try socket.send(Self.get) }
    // Whoever passes it by is served meanwhile.
    let direct = try BlockingSocket.connect(port: fleet.endpoints[0].port)
    try expectServed(direct)
    #expect(fleet.journal.entries.count == 2 && relay.counts.answers == 1)
    relay.behave(.passing)
    for socket in [before, after] { #expect(try socket.receiveMessage().hasPrefix("HTTP/1.1 200")) }
    #expect(fleet.journal.entries.count == 4)
  }

  @Test func keepsAnswersBack() throws {
    relay.behave(.mute)
    let socket = try connected()
    try socket.send(Self.get)
    #expect(Patience.waits { fleet.journal.entries.count == 1 })
    #expect(relay.counts.answers == 0)
    relay.behave(.passing)
    #expect(try socket.receiveMessage().hasPrefix("HTTP/1.1 200"))
  }

  @Test(arguments: [RelayCut.Ending.reset, .close])
  func cutsEverySecondAnswer(ending: RelayCut.Ending) throws {
    relay.behave(.cutting(afterBytes: 20, every: 2, by: ending))
    for number in 0..<4 {
      let socket = try connected()
      if number % 2 == 1 {
        try expectServed(socket)
        continue
      }
      try socket.send(Self.get)
      var bytes: [UInt8] = []
      while bytes.count < 20 { bytes += try socket.receive() }
      #expect(bytes.count == 20)
      if ending == .close {
        #expect(try socket.receive().isEmpty)
      } else {
        #expect(failure(socket) == ECONNRESET)
      }
    }
  }

  /// Acted upon, and the client learns nothing.
  @Test func cutsBeforeTheAnswer() throws {
    relay.behave(.cutting(afterBytes: 0))
    let socket = try connected()
    try socket.send(Self.get)
    #expect(failure(socket) == ECONNRESET)
    #expect(fleet.journal.repeated().isEmpty && fleet.journal.entries.map(\.id) == ["one"])
  }

  @Test func resetsTheClientOfAServerThatIsGone() throws {
    let socket = try connected()
    try expectServed(socket)
    fleet.endpoints[0].kill()
    // Killed servers end connections in order, dead ports refuse.
    #expect(try socket.receive().isEmpty)
    #expect(failure(try connected()) == ECONNRESET)
  }
}
