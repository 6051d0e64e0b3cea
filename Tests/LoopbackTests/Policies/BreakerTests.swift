import Primitives
import Testing
import WeirTesting

/// Circuit breakers of an upstream and of a route: what opens them, what they answer, how they close.
@Suite(.serialized)
struct BreakerTests {
  private static let opensAtOnce = "consecutive_failures: 1, recovery: off"

  private func proxy(_ breaker: String, _ service: NamedService) throws -> RunningProxy {
    try RunningProxy(
      endpoints: [service.port], upstream: "circuit_breaker: { \(breaker) }")
  }

  @Test func opensAfterFailuresInARow() throws {
    let service = try NamedService()
    let proxy = try proxy("consecutive_failures: 2, failure_rate: off, open_for: 60s", service)
    // A success between them: no row.
    for status in [500, 200, 500, 503] {
      service.answer(status)
      #expect(try proxy.ask().status == status)
    }
    let answer = try proxy.get("/")
    try proxy.expectAnswered(answer, as: .circuitOpen)
    #expect(answer.contains("details=\"circuit_open: upstream\""), "\(answer)")
    let wait = try #require(answer.firstMatch(of: /\r\nretry-after: (\d+)\r\n/)?.1)
    #expect((30...90).contains(Int(wait) ?? 0), "\(answer)")
    #expect(service.requests.count == 4)
    #expect(try proxy.refused(by: "upstream") == 1)
    #expect(try proxy.transitions("upstream", to: "open") == 1)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test func opensAtAFailureRate() throws {
    let service = try NamedService()
    let proxy = try proxy(
      "consecutive_failures: off, failure_rate: 50%, minimum_calls: 4, open_for: 60s", service)
    for status in [500, 200, 500] {
      service.answer(status)
      #expect(try proxy.ask().status == status)
    }
    // Two of three, but of too few to say so.
    service.answer(200)
    #expect(try proxy.ask().status == 200)
    // Two of four.
    try proxy.expectAnswered(try proxy.get("/"), as: .circuitOpen)
    #expect(proxy.stop())
  }

  @Test func opensWhenCallsAreSlow() throws {
    let service = try NamedService(answersAfter: 20_000)
    let proxy = try proxy(
      "slow_call: 5ms, slow_call_rate: 100%, minimum_calls: 2, open_for: 60s", service)
    for _ in 0..<2 { #expect(try proxy.ask().status == 200) }
    try proxy.expectAnswered(try proxy.get("/"), as: .circuitOpen)
    #expect(proxy.stop())
  }

  /// Neither 429 nor what Weir refuses itself is the service's failure.
  @Test func countsNoRefusals() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port],
      upstream: "circuit_breaker: { \(Self.opensAtOnce) }\n    limits: { requests: 1 }")
    service.answer(429)
    for _ in 0..<3 { #expect(try proxy.ask().status == 429) }
    let held = try proxy.hold()
    try proxy.expectAnswered(try proxy.get("/"), as: .requestsExceeded)
    service.answer(200)
    service.release()
    #expect(try held.receiveAll().hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.ask().status == 200)
    #expect(proxy.stop())
  }

  @Test func countsTheStatusesThatAreConfigured() throws {
    let service = try NamedService()
    let proxy = try proxy(
      "\(Self.opensAtOnce), open_for: 60s, failures: { statuses: [404] }", service)
    service.answer(500)
    for _ in 0..<3 { #expect(try proxy.ask().status == 500) }
    service.answer(404)
    #expect(try proxy.ask().status == 404)
    try proxy.expectAnswered(try proxy.get("/"), as: .circuitOpen)
    #expect(proxy.stop())
  }

  @Test func countsConnectionsThatFail() throws {
    let closed = try PortReservation()
    let proxy = try RunningProxy(
      endpoints: [closed.port],
      upstream: "circuit_breaker: { \(Self.opensAtOnce), open_for: 60s }")
    try proxy.expectAnswered(try proxy.get("/"), as: .connectRefused)
    try proxy.expectAnswered(try proxy.get("/"), as: .circuitOpen)
    #expect(proxy.stop())
  }

  @Test func aShadowRefusesNobody() throws {
    let service = try NamedService()
    let proxy = try proxy("\(Self.opensAtOnce), open_for: 60s, mode: shadow", service)
    service.answer(500)
    for _ in 0..<5 { #expect(try proxy.ask().status == 500) }
    #expect(try proxy.transitions("upstream", to: "open") == 1)
    #expect(try proxy.refused(by: "upstream") == 0)
    #expect(try proxy.counted("none", 500) == 5)
    #expect(proxy.stop())
  }

  @Test func aDisabledOneIsNotThere() throws {
    let service = try NamedService()
    let proxy = try proxy("\(Self.opensAtOnce), open_for: 60s, mode: disabled", service)
    service.answer(500)
    for _ in 0..<5 { #expect(try proxy.ask().status == 500) }
    #expect(try proxy.transitions("upstream", to: "open") == 0)
    #expect(proxy.stop())
  }

  /// A client of a breaker that has been open: its request is the probe, and waits at the service.
  private func probe(_ proxy: RunningProxy) throws -> BlockingSocket {
    let before = try proxy.attempts()
    var found: BlockingSocket?
    _ = try proxy.eventually {
      let refused = try proxy.counted("circuit_open", 503)
      let socket = try BlockingSocket.connect(port: proxy.port)
      try socket.send("GET /held HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      _ = try proxy.eventually {
        try proxy.attempts() > before || proxy.counted("circuit_open", 503) > refused
      }
      if try proxy.attempts() > before { found = socket }
      return found != nil
    }
    return try #require(found)
  }

  @Test func letsOneProbeThroughAndClosesWhenItSucceeds() throws {
    let service = try NamedService()
    let proxy = try proxy("\(Self.opensAtOnce), open_for: 20ms, half_open_calls: 1", service)
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    let first = try probe(proxy)
    #expect(try proxy.transitions("upstream", to: "half_open") == 1)
    // Nobody beside it, however long it takes.
    for _ in 0..<3 { #expect(try proxy.ask().status == 503) }
    #expect(service.requests.count == 2)
    service.answer(200)
    service.release()
    #expect(try first.receiveAll().hasPrefix("HTTP/1.1 200 "))
    for _ in 0..<3 { #expect(try proxy.ask().status == 200) }
    #expect(try proxy.transitions("upstream", to: "closed") == 1)
    #expect(proxy.stop())
  }

  @Test func opensAgainWhenTheProbeFails() throws {
    let service = try NamedService()
    let proxy = try proxy(
      "\(Self.opensAtOnce), open_for: 20ms, open_for_max: 20ms, half_open_calls: 1", service)
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    let first = try probe(proxy)
    service.release()
    #expect(try first.receiveAll().hasPrefix("HTTP/1.1 500 "))
    #expect(try proxy.transitions("upstream", to: "open") == 2)
    #expect(proxy.stop())
  }

  /// A probe whose client leaves has said nothing; another takes its place.
  @Test func aProbeWhoseClientLeavesIsNoVerdict() throws {
    let service = try NamedService()
    let proxy = try proxy("\(Self.opensAtOnce), open_for: 20ms, half_open_calls: 1", service)
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    try probe(proxy).close()
    #expect(try proxy.eventually { try proxy.counted("downstream_closed", 499) == 1 })
    service.answer(200)
    #expect(try proxy.ask().status == 200)
    #expect(try proxy.transitions("upstream", to: "open") == 1)
    #expect(try proxy.transitions("upstream", to: "closed") == 1)
    service.release()
    #expect(proxy.stop())
  }

  /// Not all at once: a tenth to begin with.
  @Test func trafficReturnsByAndBy() throws {
    let service = try NamedService()
    let proxy = try proxy(
      "consecutive_failures: 1, open_for: 20ms, half_open_calls: 1, recovery: 3600s", service)
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    service.answer(200)
    #expect(try proxy.eventually { try proxy.ask().status == 200 })
    #expect(try proxy.transitions("upstream", to: "recovering") == 1)
    let statuses = try (0..<20).map { _ in try proxy.ask().status }
    #expect((2...3).contains(statuses.count { $0 == 200 }), "\(statuses)")
    // What may be expected, and not the hour that it takes in all.
    let answers = try (0..<3).map { try proxy.get("/", headers: "X-Request-ID: held\($0)\r\n") }
    let held = try #require(answers.firstIndex { $0.hasPrefix("HTTP/1.1 503 ") })
    let answer = answers[held]
    let wait = try #require(answer.firstMatch(of: /\r\nretry-after: (\d+)\r\n/)?.1)
    #expect((1...16).contains(Int(wait) ?? 0), "\(answer)")
    let metrics = try proxy.admin("/metrics")
    let labels = "upstream=\"service\",scope=\"upstream\",subject=\"service\""
    #expect(metrics.contains("weir_circuit_breaker_state{\(labels),state=\"recovering\"} 1\n"))
    // A tenth, and a little more with each second.
    #expect(metrics.contains("weir_circuit_breaker_admitted_ratio{\(labels)} 0.1"), "\(metrics)")
    let recovering = /recovering, 1[0-9](\.\d+)?% admitted/
    #expect(try proxy.admin("/circuit-breakers?format=text").contains(recovering))
    #expect(try proxy.admin("/upstreams?format=text").contains(recovering))
    // Some refusals of a second are kept, and many came before this one.
    var number = 3
    let isExplained = try proxy.eventually {
      number += 1
      _ = try proxy.get("/", headers: "X-Request-ID: held\(number)\r\n")
      let explained = try proxy.admin("/explain/held\(number)")
      return explained.contains("the circuit breaker of service was ")
        && explained.contains(recovering)
        && explained.contains(#/it opened .* before, at 20.*Z, on [a-z_]+: [0-9]+ /#)
    }
    #expect(isExplained)
    #expect(proxy.stop())
  }

  /// Nobody calls any more, and the alert clears: each change is counted once and logged.
  @Test func movesWithoutTraffic() throws {
    let service = try NamedService()
    let proxy = try proxy(
      "consecutive_failures: 1, open_for: 20ms, half_open_calls: 1, recovery: 100ms", service)
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    let labels = "upstream=\"service\",scope=\"upstream\",subject=\"service\""
    #expect(
      try proxy.eventually {
        try proxy.admin("/metrics").contains(
          "weir_circuit_breaker_state{\(labels),state=\"half_open\"} 1\n")
      })
    #expect(try proxy.transitions("upstream", to: "half_open") == 1)
    service.answer(200)
    #expect(try proxy.ask().status == 200)
    #expect(try proxy.eventually { try proxy.transitions("upstream", to: "closed") == 1 })
    for state in ["open", "half_open", "recovering", "closed"] {
      #expect(try proxy.transitions("upstream", to: state) == 1, "\(state)")
    }
    #expect(service.requests.count == 2)
    #expect(proxy.stop())
  }

  @Test func thatOfARouteLeavesTheOthersAlone() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port],
      routes: """
        [{ name: orders, match: { prefix: /orders }, upstream: service,
               circuit_breaker: { \(Self.opensAtOnce), open_for: 60s } },
             { match: { prefix: / }, upstream: service }]
        """)
    service.answer(500)
    #expect(try proxy.ask("/").status == 500)
    #expect(try proxy.ask("/orders").status == 500)
    service.answer(200)
    let answer = try proxy.get("/orders")
    try proxy.expectAnswered(answer, as: .circuitOpen, route: "orders")
    #expect(answer.contains("details=\"circuit_open: route\""), "\(answer)")
    #expect(try proxy.ask("/").status == 200)
    #expect(try proxy.refused(by: "route") == 1)
    #expect(try proxy.refused(by: "upstream") == 0)
    #expect(try proxy.transitions("route", to: "open") == 1)
    #expect(proxy.stop())
  }

  /// What one worker has seen fail, all refuse.
  @Test func isSharedByWorkers() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      """
      workers: 3
      admin: { address: 127.0.0.1:0 }
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [{ match: {}, upstream: service }] }
      upstreams:
        service:
          endpoints: [127.0.0.1:\(service.port)]
          circuit_breaker: { \(Self.opensAtOnce), open_for: 60s }
      """)
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    for _ in 0..<20 { #expect(try proxy.ask().status == 503) }
    #expect(service.requests.count == 1)
    #expect(try proxy.transitions("upstream", to: "open") == 1)
    #expect(proxy.stop())
  }
}
