import Primitives
import Testing
import WeirTesting

/// `endpoint_circuit_breaker`: a failing endpoint is passed over.
@Suite(.serialized)
struct EndpointBreakerTests {
  private static let breaker =
    "endpoint_circuit_breaker: { consecutive_failures: 1, open_for: 60s, recovery: off }"

  @Test func anotherEndpointIsAskedWhileOneFails() throws {
    let (good, bad) = (try NamedService("good"), try NamedService("bad"))
    bad.answer(500)
    let proxy = try RunningProxy(endpoints: [good.port, bad.port], upstream: Self.breaker)
    let statuses = try (0..<10).map { _ in try proxy.ask().status }
    #expect(statuses.count { $0 == 500 } == 1, "\(statuses)")
    #expect(bad.requests.count == 1)
    #expect(try proxy.transitions("endpoint", to: "open") == 1)
    #expect(proxy.stop())
  }

  @Test func refusesWhenThatOfEachIsOpen() throws {
    let services = [try NamedService("a"), try NamedService("b")]
    for service in services { service.answer(500) }
    let proxy = try RunningProxy(endpoints: services.map(\.port), upstream: Self.breaker)
    for _ in services { #expect(try proxy.ask().status == 500) }
    let answer = try proxy.get("/")
    // Panic overrides health and ejections, never a breaker.
    try proxy.expectAnswered(answer, as: .circuitOpen)
    #expect(answer.contains("details=\"circuit_open: all_endpoints\""), "\(answer)")
    let wait = try #require(answer.firstMatch(of: /\r\nretry-after: (\d+)\r\n/)?.1)
    #expect((30...90).contains(Int(wait) ?? 0), "\(answer)")
    #expect(try proxy.refused(by: "endpoint") == 1)
    for service in services { #expect(service.requests.count == 1) }
    // The page names the breaker that opened last, when and on what.
    let id = try #require(answer.firstMatch(of: /\r\nx-request-id: (\S+)\r\n/)?.1)
    let explained = try proxy.admin("/explain/\(id)")
    #expect(
      explained.contains(
        #/endpoint 127.0.0.1:\d+, the last to open of all of them, was open; it opened .* on consecutive_failures: 1 failed in a row/#
      ), "\(explained)")
    #expect(try proxy.admin("/explain/\(id)?format=json").contains("\"breaker_endpoint\":"))
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test func theEndpointReturnsWhenAProbeSucceeds() throws {
    let (good, bad) = (try NamedService("good"), try NamedService("bad"))
    bad.answer(500)
    let proxy = try RunningProxy(
      endpoints: [good.port, bad.port],
      upstream: """
        endpoint_circuit_breaker:
              { consecutive_failures: 1, open_for: 20ms, half_open_calls: 1, recovery: off }
        """)
    #expect(try proxy.eventually { try proxy.ask().status == 500 })
    bad.answer(200)
    #expect(try proxy.eventually { try proxy.ask().body == "bad" })
    #expect(try proxy.transitions("endpoint", to: "closed") == 1)
    let bodies = try (0..<4).map { _ in try proxy.ask().body }
    #expect(bodies.count { $0 == "bad" } == 2, "\(bodies)")
    #expect(proxy.stop())
  }
  /// Half-open with its probe out: the breaker is what refuses, not the want of an endpoint.
  @Test func refusesBesideTheProbeOfTheOnlyEndpoint() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port],
      upstream: """
        endpoint_circuit_breaker:
              { consecutive_failures: 1, open_for: 10ms, half_open_calls: 1, recovery: off }
        """)
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    service.answer(200)
    var held: BlockingSocket?
    let isProbing = try proxy.eventually {
      let before = try (proxy.attempts(), proxy.counted("circuit_open", 503))
      let socket = try BlockingSocket.connect(port: proxy.port)
      try socket.send("GET /held HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      _ = try proxy.eventually {
        try (proxy.attempts(), proxy.counted("circuit_open", 503)) != before
      }
      held = socket
      return try proxy.attempts() > before.0
    }
    #expect(isProbing)
    #expect(try proxy.get("/").contains("details=\"circuit_open: all_endpoints\""))
    service.release()
    #expect(try held?.receiveAll().hasPrefix("HTTP/1.1 200 ") == true)
    #expect(try proxy.ask().status == 200)
    #expect(proxy.stop())
  }
}
