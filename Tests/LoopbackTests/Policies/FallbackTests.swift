import Primitives
import Testing
import WeirTesting

/// `fallback` of a route: what is offered when a breaker refuses or nobody is there.
@Suite(.serialized)
struct FallbackTests {
  private static let breaker =
    "circuit_breaker: { consecutive_failures: 1, open_for: 60s, recovery: off }"

  private func routes(_ fallback: String) -> String {
    """
    [{ match: { path: /plain }, upstream: service },
           { match: { prefix: / }, upstream: service, fallback: \(fallback) }]
    """
  }

  private func taken(_ proxy: RunningProxy) throws -> Double {
    try proxy.metric("weir_upstream_fallbacks_total{upstream=\"service\"}")
  }

  @Test func aFixedAnswerStandsIn() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port], routes: routes("{ respond: { status: 200, body: later } }"),
      upstream: Self.breaker)
    service.answer(500)
    // The failure itself is passed on: the fallback is for what is not even tried.
    #expect(try proxy.ask() == (500, "a"))
    #expect(try taken(proxy) == 0)
    #expect(try proxy.ask() == (200, "later"))
    #expect(try proxy.ask("/plain").status == 503)
    #expect(try taken(proxy) == 1)
    // The books say why.
    #expect(try proxy.counted("circuit_open", 200, route: "2") == 1)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// A body that came with its head is passed over, so a refusal does not cost a connection.
  @Test func aRefusedBodyIsPassedOver() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port], routes: routes("{ respond: { status: 200, body: later } }"),
      upstream: Self.breaker)
    service.answer(500)
    #expect(try proxy.ask() == (500, "a"))
    let client = try BlockingSocket.connect(port: proxy.port)
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
    try client.send(post + "\r\nabc")
    let first = try client.receive(until: "\r\n\r\nlater")
    #expect(first.hasPrefix("HTTP/1.1 200 ") && !first.contains("connection: close"))
    try client.send(post + "Connection: close\r\n\r\nabc")
    #expect(try client.receiveAll().hasSuffix("\r\n\r\nlater"))
    #expect(try taken(proxy) == 2)
    #expect(proxy.stop())
  }

  @Test func anotherUpstreamStandsIn() throws {
    let (service, spare) = (try NamedService(), try NamedService("spare"))
    let proxy = try RunningProxy(
      endpoints: [service.port], routes: routes("{ upstream: spare }"),
      upstream: "\(Self.breaker)\n  spare: { endpoints: [127.0.0.1:\(spare.port)] }")
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    for _ in 0..<3 { #expect(try proxy.ask() == (200, "spare")) }
    #expect(try taken(proxy) == 3)
    #expect(try proxy.counted("none", 200, route: "2", upstream: "spare") == 3)
    #expect(try proxy.counted("circuit_open", 503, route: "2") == 0)
    #expect(try proxy.metric("weir_upstream_attempts_total{upstream=\"spare\"}") == 3)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// It is asked once: a fallback has none of its own.
  @Test func whatTheOtherUpstreamRefusesIsTheAnswer() throws {
    let (service, spare) = (try NamedService(), try NamedService("spare"))
    let proxy = try RunningProxy(
      endpoints: [service.port], routes: routes("{ upstream: spare }"),
      upstream: """
        \(Self.breaker)
          spare: { endpoints: [127.0.0.1:\(spare.port)], \(Self.breaker) }
        """)
    service.answer(500)
    spare.answer(500)
    #expect(try proxy.ask() == (500, "a"))
    #expect(try proxy.ask() == (500, "spare"))
    try proxy.expectAnswered(try proxy.get("/"), as: .circuitOpen, route: "2", upstream: "spare")
    #expect(service.requests.count == 1 && spare.requests.count == 1)
    #expect(proxy.stop())
  }

  @Test func standsInWhereNoEndpointIs() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port], routes: routes("{ respond: { status: 203, body: later } }"),
      upstream: """
        balancing: { panic_threshold: 0% }
            health_check: { path: /health, interval: 100ms, timeout: 60s, unhealthy: 1 }
        """)
    service.answerHealth(500)
    #expect(try proxy.eventually { try proxy.ask() == (203, "later") })
    #expect(try proxy.eventually { try proxy.ask("/plain").status == 503 })
    #expect(try proxy.counted("no_endpoint", 203, route: "2") >= 1)
    #expect(proxy.stop())
  }

  @Test func standsInForABreakerOfTheRoute() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port],
      routes: """
        [{ match: { prefix: / }, upstream: service, \(Self.breaker),
               fallback: { respond: { status: 200, body: later } } }]
        """)
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    #expect(try proxy.ask() == (200, "later"))
    #expect(proxy.stop())
  }
}
