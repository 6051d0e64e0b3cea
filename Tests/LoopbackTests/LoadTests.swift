import Glibc
import Testing
import WeirTesting

/// The load records what becomes of each request, and the journal what was acted upon.
@Suite(.serialized)
struct LoadTests {
  private static func alternating(_ index: Int) -> LoadRequest {
    index % 2 == 0 ? LoadRequest() : .post
  }

  @Test func seesEachServedOnce() throws {
    let fleet = try Fleet(2)
    let proxy = try RunningProxy(endpoints: fleet.ports)
    let began = ContinuousClock.now
    let load = LoadGenerator(port: proxy.port, count: 200, perSecond: 500, Self.alternating)
    #expect(load.waits(forFinished: 100))
    let report = load.report()
    // Not sooner than the rate allows.
    #expect(began.duration(to: .now) >= .milliseconds(398))
    #expect(report.outcomes == ["200": 200], "\(report)")
    #expect(report.records.map(\.id) == (0..<200).map(load.id))
    #expect(report.counts { $0.endpoint ?? "" } == ["endpoint-0": 100, "endpoint-1": 100])
    #expect(fleet.journal.entries.count == 200 && fleet.journal.repeated().isEmpty)
    #expect(fleet.journal.executions(method: "POST").count == 100)
    #expect(fleet.journal.unfounded(report).isEmpty)
    #expect(proxy.stop())
  }

  @Test func seesARepetition() throws {
    let fleet = try Fleet(1)
    let fields = "X-Load-Id: same\r\n"
    for _ in 0..<2 {
      let socket = try BlockingSocket.connect(port: fleet.ports[0])
      try socket.send("POST / HTTP/1.0\r\n\(fields)Content-Length: 0\r\n\r\n")
      _ = try socket.receiveAll()
    }
    #expect(fleet.journal.repeated(method: "POST") == ["same"])
    #expect(fleet.journal.repeated(method: "GET").isEmpty)
  }

  /// A success that nobody earned.
  @Test func seesAnUnfoundedAnswer() throws {
    let fleet = try Fleet(1)
    let load = LoadGenerator(port: fleet.ports[0], count: 1, perSecond: 1) { _ in
      LoadRequest("GET", "/alive")
    }
    #expect(fleet.journal.unfounded(load.report()) == [load.id(0)])
  }

  @Test func seesHowEachFailed() throws {
    let fleet = try Fleet(1, bodyBytes: 1000)
    let relay = fleet.relays[0]
    func outcomes() -> [String: Int] {
      LoadGenerator(port: relay.port, count: 2, perSecond: 1000) { _ in .post }.report().outcomes
    }
    relay.behave(.cutting(afterBytes: 500))
    #expect(outcomes() == ["200 cut": 2])
    relay.behave(.cutting(afterBytes: 500, by: .close))
    #expect(outcomes() == ["200 cut": 2])
    relay.behave(.cutting(afterBytes: 0))
    #expect(outcomes() == ["unanswered": 2])
    relay.behave(.refusing)
    #expect(outcomes() == ["unconnected": 2])
    let reservation = try PortReservation()
    let proxy = try RunningProxy(endpoints: [reservation.port])
    let load = LoadGenerator(port: proxy.port, count: 2, perSecond: 1000) { _ in .post }
    #expect(load.report().outcomes == ["502 connect_refused": 2])
    #expect(proxy.stop())
  }

  /// Nobody waits for an answer before the next is sent, and who waits is told so.
  @Test func isOpenAndSaysWhereItIsNot() throws {
    let fleet = try Fleet(1, answersAfter: .milliseconds(100))
    let open = LoadGenerator(port: fleet.ports[0], count: 10, perSecond: 1000) { _ in .post }
    let report = open.report()
    #expect(report.outcomes == ["200": 10] && report.duration(atShare: 0) >= .milliseconds(100))
    let closed = LoadGenerator(port: fleet.ports[0], count: 3, perSecond: 1000, clients: 1) { _ in
      .post
    }
    #expect(closed.report().latenessMax >= .milliseconds(190))
  }

  /// What no policy mends yet is at least named, and no POST is sent twice.
  @Test func killsAnEndpointInItsMidst() throws {
    let fleet = try Fleet(2, answersAfter: .milliseconds(5))
    let proxy = try RunningProxy(endpoints: fleet.ports)
    let load = LoadGenerator(port: proxy.port, count: 300, perSecond: 500, Self.alternating)
    #expect(load.waits(forFinished: 100))
    fleet.kill(0)
    #expect(load.waits(forFinished: 200))
    try fleet.revive(0)
    let report = load.report()
    // Not refused but reset: who was in the queue of the listener that was closed.
    let names: Set = [
      "200", "502 connect_refused", "502 connect_failed", "502 upstream_closed",
      "502 upstream_reset",
    ]
    #expect(Set(report.outcomes.keys).isSubset(of: names), "\(report)")
    #expect((report.outcomes["502 connect_refused"] ?? 0) > 0, "\(report)")
    #expect(fleet.journal.repeated(method: "POST").isEmpty)
    #expect(fleet.journal.unfounded(report).isEmpty)
    #expect(proxy.stop())
  }
}
