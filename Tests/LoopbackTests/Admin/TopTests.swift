import Foundation
import Primitives
import Testing
import WeirTesting

@testable import Screens

/// `weir top`: what it makes of a proxy's answers, and the command itself.
@Suite(.serialized)
struct TopTests {
  private func sample(
    _ seconds: Int64, requests: Int, errors: Int, upstream: Int = 0, slow: Int = 0
  ) throws -> TopSample {
    try #require(
      TopSample(
        upstreams: """
          {"pharmacy":{"endpoints":[{"address":"10.0.0.1:80","connections":2,"in_flight":1,\
          "requests":\(upstream),"errors":0,"standing":"ejected","reason":"latency","p50_us":900,\
          "p99_us":4000,"last_error":{"reason":"status 503","ago_ms":2400}}],"panic":false,\
          "requests_total":\(upstream),"errors_total":0,"requests":{"used":0,"most":1024},\
          "circuit_breaker":{"state":"open","opened":{"evidence":"failure_rate: 6 of 10"}}}}
          """,
        routes: """
          [{"listener":"in","route":"fhir","upstreams":["pharmacy"],"requests":\(requests),\
          "errors":\(errors),"durations":[{"le_us":1000,"count":\(requests - slow)},\
          {"le_us":5000,"count":\(slow)},{"le_us":"inf","count":0}]},
          {"listener":"in","route":"none","upstreams":[],"requests":0,"errors":0,"durations":[]}]
          """,
        at: Instant(nanoseconds: seconds * 1_000_000_000)))
  }

  /// Rates and a route's percentiles are of the time between two looks.
  @Test func ratesAreBetweenTwoLooks() throws {
    let before = try sample(10, requests: 1000, errors: 5, upstream: 50, slow: 900)
    let rows = try sample(12, requests: 1100, errors: 55, upstream: 40, slow: 902).rows(
      since: before)
    #expect(rows.map(\.name) == ["in/fhir", "pharmacy", "10.0.0.1:80"])
    #expect(rows[0].requestsPerSecond == 50 && rows[0].errorsPerSecond == 25)
    #expect(rows[0].errorShare == 0.5)
    // 98 of the hundred took at most a millisecond.
    #expect(rows[0].p50 == 1000 && rows[0].p99 == 5000)
    #expect(rows[1].state == "open" && rows[1].reason == "failure_rate: 6 of 10")
    // It counts from nothing again.
    #expect(rows[2].requestsPerSecond == 20)
    #expect(rows[2].state == "ejected" && rows[2].lastError == "status 503 2s ago")
    #expect(rows[2].p99 == 4000 && rows[2].connections == 2 && rows[2].inFlight == 1)
  }

  @Test(arguments: [
    ("{}", "{}"), ("nothing", "[]"), ("", ""), ("[1, 2", "[]"), ("{\"a\": [", "[]"),
  ])
  func whatIsNoAnswerIsNoSample(upstreams: String, routes: String) {
    #expect(
      TopSample(upstreams: upstreams, routes: routes, at: Instant(nanoseconds: 0)) == nil)
  }

  private func rows() -> [TopRow] {
    var rows = [TopRow(.route, "in/a"), TopRow(.upstream, "b"), TopRow(.endpoint, "10.0.0.1:80")]
    for (index, rate) in [10.0, 30, 20].enumerated() {
      rows[index].requestsPerSecond = rate
      rows[index].errorsPerSecond = index == 0 ? 4 : 0
      rows[index].p99 = [nil, 100, 900][index]
    }
    rows[2].upstream = "b"
    rows[2].lastError = "connect_refused 1s ago"
    return rows
  }

  /// Each key does what the help says.
  @Test func keysSortAndFilter() {
    var view = TopView()
    func names(_ keys: String...) -> [String] {
      for key in keys {
        for character in key {
          _ = view.press(character == "\n" ? .enter : .character(character))
        }
      }
      return view.chosen(rows()).map(\.name)
    }
    #expect(names("") == ["in/a", "b", "10.0.0.1:80"])
    #expect(names("r") == ["b", "10.0.0.1:80", "in/a"])
    #expect(names("e").first == "in/a")
    #expect(names("p") == ["10.0.0.1:80", "b", "in/a"])
    #expect(names("n", "1") == ["in/a"])
    #expect(names("2") == ["b"])
    #expect(names("3") == ["10.0.0.1:80"])
    // The filter looks at states and errors too, and letters of it are no keys.
    #expect(names("a", "/REFUSED\n") == ["10.0.0.1:80"])
    #expect(names("/q") == [])
    _ = view.press(.escape)
    #expect(names("").count == 3)
    #expect(view.press(.character("q")) == .quit)
  }

  /// A narrow terminal names the columns that it has no room for, and a short one the rows.
  @Test(arguments: [(200, 40), (80, 24), (60, 12), (40, 8), (20, 5), (1, 1)])
  func noSizeLosesAnythingSilently(columns: Int, rows height: Int) {
    let screen = TopScreen(columns: columns, rows: height, proxy: "127.0.0.1:9901")
    let many = (0..<20).flatMap { _ in rows() }
    let lines = screen.lines(many, TopView(), fault: nil)
    let text = lines.map { $0.rendered(columns: 1000, inColour: false) }
    let table = TopTable(many, columns: columns)
    for title in ["state", "req/s", "p99", "in flight", "last error"] {
      #expect(
        text.joined().contains(title) || table.hidden.contains(title), "\(title) at \(columns)")
    }
    #expect(text.joined(separator: " ").contains("no room for") == !table.hidden.isEmpty)
    #expect(text.contains { $0.contains("more rows below") } || height >= 66)
    if columns >= 60 {
      #expect(text.dropFirst().prefix(3).allSatisfy { $0.count <= columns }, "\(text)")
    }
  }

  // MARK: The command

  @Test func showsARunningProxyOnce() throws {
    let service = try NamedService()
    let dead = try PortReservation()
    let proxy = try RunningProxy(endpoints: [service.port, dead.port])
    for _ in 0..<10 { _ = try proxy.get("/") }
    let admin = "127.0.0.1:\(proxy.adminPort)"
    let arguments = ["top", "--once", "--interval", "100ms", "--admin", admin]
    let text = try Command.require(try WeirProcess.binary, arguments)
    #expect(text.contains("127.0.0.1:\(service.port)") && text.contains("unreachable"), "\(text)")
    #expect(text.contains("connect_refused"), "\(text)")
    let lines = try Command.require(
      try WeirProcess.binary, arguments + ["--format", "json", "--by", "endpoint"])
    let objects = try lines.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(objects.map { $0["kind"] as? String } == ["endpoint", "endpoint"])
    #expect(objects.compactMap { $0["requests"] as? Int }.reduce(0, +) == 10)
    #expect(proxy.stop())
  }

  /// On a terminal: a screen, keys, Control-Z, and an end that leaves the terminal as it was.
  @Test func obeysKeysOnATerminal() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(endpoints: [service.port])
    for _ in 0..<10 { _ = try proxy.get("/") }
    let command =
      "\(try WeirProcess.binary) top --interval 100ms --admin 127.0.0.1:\(proxy.adminPort)"
    let shell = try RunningCommand("/usr/bin/script", ["-qec", command, "/dev/null"])
    defer { shell.end() }
    #expect(shell.read(until: "127.0.0.1:\(service.port)").contains("weir top"))
    shell.type("/nothing\r")
    #expect(shell.read(until: "/nothing: 0").hasSuffix("/nothing: 0"))
    shell.type("?")
    #expect(shell.read(until: "goes back").hasSuffix("goes back"))
    shell.type("q")
    #expect(shell.readToEnd().contains("\u{1B}[?1049l"))
    #expect(shell.exitCode == 0)
    #expect(proxy.stop())
  }

  @Test func saysWhoDoesNotAnswer() throws {
    let dead = try PortReservation()
    let reply = try Command.run(
      "sh",
      [
        "-c", "\"$0\" top --once --admin 127.0.0.1:\(dead.port) 2>&1; echo \"ended as $?\"",
        try WeirProcess.binary,
      ])
    #expect(reply.contains("ended as 69"), "\(reply)")
    #expect(reply.contains("127.0.0.1:\(dead.port) does not answer"), "\(reply)")
    #expect(reply.contains("--admin"), "\(reply)")
  }
}
