import ControlPlane
import Foundation
import Primitives
import Testing
import WeirTesting

/// Clients and reloads that could turn policies against those who have done nothing.
@Suite(.serialized)
struct HostilePolicyTests {
  private func yaml(_ ports: [UInt16], _ upstream: String) -> String {
    """
    workers: 1
    admin: { address: 127.0.0.1:0 }
    listeners:
      - name: ingress
        address: 127.0.0.1:0
        routes: [{ match: { prefix: / }, upstream: service }]
    upstreams:
      service:
        endpoints: [\(ports.map { "127.0.0.1:\($0)" }.joined(separator: ", "))]
        \(upstream)
    """
  }

  private func reload(_ proxy: RunningProxy, _ yaml: String) throws {
    let before = try proxy.metric("weir_config_reloads_total")
    try proxy.rewrite(yaml)
    proxy.plane.reload()
    #expect(try proxy.eventually { try proxy.metric("weir_config_reloads_total") > before })
  }

  private static let breakers = """
    circuit_breaker: { consecutive_failures: 1, open_for: 60s }
        endpoint_circuit_breaker: { consecutive_failures: 1, open_for: 60s }
        timeouts: { stream_idle: 2s }
    """

  /// A client that stops in the middle of its body runs into a timeout, and no breaker hears of it.
  @Test(arguments: [
    ("total_timeout: 1s", "", FailureKind.totalTimeout),
    ("timeout: 1s", "Expect: 100-continue\r\n", .requestTimeout),
    ("timeout: 60s", "", .streamIdleTimeout),
  ])
  func aClientThatStopsOpensNoBreaker(
    route: String, fields: String, failure: FailureKind
  ) throws {
    let service = try AnsweringService()
    let proxy = try RunningProxy(
      endpoints: [service.port],
      routes: "[{ match: { prefix: / }, upstream: service, \(route) }]", upstream: Self.breakers)
    let client = try BlockingSocket.connect(port: proxy.port)
    try client.send("POST / HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: 9\r\n\r\n")
    if fields.isEmpty { try client.send("abc") }
    try proxy.expectAnswered(try client.receiveAll(), as: failure)
    #expect(try proxy.ask().status == 200)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// A client that sends its body slowly does not hold the only probe for as long.
  @Test(arguments: ["circuit_breaker", "endpoint_circuit_breaker"])
  func aSlowUploadDoesNotHoldTheProbe(breaker: String) throws {
    let service = try AnsweringService()
    let proxy = try RunningProxy(
      endpoints: [service.port],
      upstream: """
        \(breaker): { consecutive_failures: 1, half_open_calls: 1, open_for: 50ms, recovery: off }
            timeouts: { pending: 100ms }
        """)
    service.answer(.status(503))
    #expect(try proxy.ask().status == 503)
    service.answer(.status(200))
    let client = try BlockingSocket.connect(port: proxy.port)
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
    // The probe, as soon as one is let through; what was refused before has been closed.
    #expect(
      try proxy.eventually {
        let other = try BlockingSocket.connect(port: proxy.port)
        try other.send(post + "abc")
        defer { other.close() }
        return try proxy.metric(
          "weir_circuit_breaker_state{upstream=\"service\",scope=\"\(breaker == "circuit_breaker" ? "upstream" : "endpoint")\",subject=\"\(breaker == "circuit_breaker" ? "service" : "127.0.0.1:\(service.port)")\",state=\"half_open\"}"
        ) == 1
      })
    try client.send(post + "abc")
    #expect(try proxy.eventually { try proxy.ask().status == 200 })
    try client.send("defghi")
    #expect(try client.receiveAll().hasPrefix("HTTP/1.1 "))
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// With all of the request in its hands it is the endpoint that is late.
  @Test func anEndpointThatDoesNotAnswerOpensThem() throws {
    let service = try AnsweringService("a", .nothing, .status(200))
    let proxy = try RunningProxy(
      endpoints: [service.port],
      routes: "[{ match: { prefix: / }, upstream: service, total_timeout: 1s }]",
      upstream: Self.breakers)
    try proxy.expectAnswered(try proxy.post("whole"), as: .totalTimeout)
    #expect(try proxy.ask().status == 503)
    #expect(proxy.stop())
  }

  /// An attempt outlives its endpoint's place in a detector, and the detector.
  @Test func whatEndsAfterItsEndpointLeftIsCountedNowhere() throws {
    let services = try ["a", "b", "c"].map { try NamedService($0) }
    let ports = services.map(\.port)
    let proxy = try RunningProxy(yaml(ports, "outlier_detection: {}"))
    let held = try services.map { _ in try proxy.hold() }
    try reload(proxy, yaml([ports[0]], "outlier_detection: {}"))
    // Another detector, with fewer places than the one before.
    try reload(proxy, yaml([ports[0]], "outlier_detection: { consecutive_5xx: 7 }"))
    for service in services {
      service.answer(500)
      service.release()
    }
    for client in held { #expect(try client.receiveAll().hasPrefix("HTTP/1.1 500 ")) }
    services[0].answer(200)
    #expect(try proxy.ask() == (200, "a"))
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// The upstream leaves while an endpoint's only probe is out, and returns.
  @Test func aProbeIsNotLostWithItsUpstream() throws {
    let service = try NamedService()
    let breaker = """
      endpoint_circuit_breaker:
              { consecutive_failures: 1, open_for: 10ms, half_open_calls: 1, recovery: off }
      """
    let proxy = try RunningProxy(yaml([service.port], breaker))
    service.answer(500)
    #expect(try proxy.ask().status == 500)
    service.answer(200)
    // Longer than it stays open.
    Pace.wait(.milliseconds(50))
    let probe = try proxy.hold()
    #expect(try proxy.ask().status == 503)
    try reload(proxy, yaml([service.port], breaker).replacing("service", with: "other"))
    probe.close()
    try proxy.expectCounted(.downstreamClosed, 499)
    service.release()
    try reload(proxy, yaml([service.port], breaker))
    #expect(try proxy.ask().status == 200)
    #expect(proxy.stop())
  }

  /// The time that Weir waits by itself is nobody's silence.
  @Test func aBackOffIsNoIdleStream() throws {
    let service = try AnsweringService(
      "a", .status(503, fields: "Retry-After: 3\r\n"), .status(200))
    let proxy = try RunningProxy(
      [service], route: "retry: { on: [503] }", upstream: "timeouts: { stream_idle: 2s }")
    #expect(try proxy.ask().status == 200)
    #expect(proxy.stop())
  }

  /// Nor is it time in which the client should have sent its body.
  @Test func aBackOffIsNoSlowBody() throws {
    let first = try ScriptedEndpoint { connection, number in
      _ = try connection.receive(until: number == 0 ? "dis" : "dispense")
      let status = number == 0 ? "503 No\r\nRetry-After: 3" : "200 OK"
      try connection.send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
      _ = try? connection.receiveAll()
    }
    let proxy = try RunningProxy(
      endpoints: [first.port],
      routes: "[{ match: { prefix: / }, upstream: service, retry: { on: [503] } }]",
      listener: "request_body_rate: { bytes_per_second: 4, window: 2s }")
    let client = try BlockingSocket.connect(port: proxy.port)
    try client.send(
      "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 8\r\n\r\ndis")
    try proxy.expectAttempts(2)
    try client.send("pense")
    let answer = try client.receiveAll()
    #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
    #expect(proxy.stop())
  }
}
