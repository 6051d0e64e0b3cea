import ControlPlane
import Primitives
import Testing
import WeirTesting

/// What a reload does to machines: kept while their policy is the same; breakers and detectors go on
/// by a policy that has changed, the others begin anew.
@Suite(.serialized)
struct PolicyReloadTests {
  private let services: [NamedService]

  init() throws { services = [try NamedService("a"), try NamedService("b")] }

  private func yaml(route: String = "", upstream: String = "", ports: [UInt16]? = nil) -> String {
    let ports = (ports ?? services.map(\.port)).map { "127.0.0.1:\($0)" }
    return """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes: [{ match: { prefix: / }, upstream: service\(route) }]
      upstreams:
        service:
          endpoints: [\(ports.joined(separator: ", "))]
          \(upstream)
      """
  }

  private func reload(_ proxy: RunningProxy, _ yaml: String) throws {
    let before = try proxy.metric("weir_config_reloads_total")
    try proxy.rewrite(yaml)
    proxy.plane.reload()
    let isDone = try proxy.eventually {
      try proxy.metric("weir_config_reloads_total") > before
    }
    #expect(isDone)
  }

  private static let breaker =
    "circuit_breaker: { consecutive_failures: 1, open_for: 60s, recovery: off"

  @Test(arguments: ["upstream", "route"]) func anOpenBreakerStaysOpen(scope: String) throws {
    func yaml(_ breaker: String, _ connections: Int) -> String {
      scope == "route"
        ? self.yaml(
          route: ", \(breaker) }", upstream: "limits: { connections: \(connections) }")
        : self.yaml(upstream: "\(breaker) }\n    limits: { connections: \(connections) }")
    }
    let proxy = try RunningProxy(yaml(Self.breaker, 8))
    for service in services { service.answer(500) }
    #expect(try proxy.ask().status == 500)
    for service in services { service.answer(200) }
    #expect(try proxy.ask().status == 503)
    try reload(proxy, yaml(Self.breaker, 9))
    for _ in 0..<4 { #expect(try proxy.ask().status == 503) }
    // Another policy: it stays open, and probes by the new numbers.
    try reload(proxy, yaml("\(Self.breaker), half_open_calls: 1", 9))
    for _ in 0..<4 { #expect(try proxy.ask().status == 503) }
    #expect(try opened(proxy, scope) == 1)
    let quick = "circuit_breaker: { consecutive_failures: 1, open_for: 100ms, recovery: off"
    try reload(proxy, yaml("\(quick), half_open_calls: 1", 9))
    #expect(try proxy.eventually { try proxy.ask().status == 200 })
    #expect(try proxy.ask().status == 200)
    #expect(proxy.stop())
  }

  private func opened(_ proxy: RunningProxy, _ scope: String) throws -> Double {
    try proxy.metric(
      "weir_circuit_breaker_transitions_total{upstream=\"service\",scope=\"\(scope)\","
        + "to=\"open\"}")
  }

  /// A mode that was set by hand is not undone by an edit of something else.
  @Test func aForcedBreakerStaysForced() throws {
    let proxy = try RunningProxy(yaml(upstream: "\(Self.breaker) }"))
    let answer = try proxy.admin("/circuit-breakers/service", method: "PUT", body: "forced_open")
    #expect(answer.contains("closed → forced_open"))
    try reload(proxy, yaml(upstream: "\(Self.breaker), half_open_calls: 1 }"))
    for _ in 0..<4 { #expect(try proxy.ask().status == 503) }
    try reload(proxy, yaml(upstream: "\(Self.breaker), half_open_calls: 1, mode: shadow }"))
    #expect(try proxy.eventually { try proxy.ask().status == 200 })
    #expect(
      try proxy.metric(
        "weir_circuit_breaker_transitions_total{upstream=\"service\",scope=\"upstream\","
          + "to=\"shadow\"}") == 1)
    #expect(proxy.stop())
  }

  /// An unnamed route is the one with its match, wherever it stands.
  @Test func aRouteThatIsPutAboveInheritsNothing() throws {
    func yaml(_ above: Bool) -> String {
      let limit = "rate_limit: { requests: 1, per: 1h }"
      let old = "{ match: { prefix: /old }, upstream: service, \(Self.breaker) }, \(limit) }"
      let new = "{ match: { prefix: /new }, upstream: service, \(Self.breaker) }, \(limit) }"
      return self.yaml().replacing(
        "[{ match: { prefix: / }, upstream: service }]",
        with: "[\(above ? new + ", " : "")\(old)]")
    }
    let proxy = try RunningProxy(yaml(false))
    for service in services { service.answer(500) }
    #expect(try proxy.get("/old").hasPrefix("HTTP/1.1 500 "))
    for service in services { service.answer(200) }
    try reload(proxy, yaml(true))
    #expect(try proxy.get("/new").hasPrefix("HTTP/1.1 200 "), "its neighbour's breaker is open")
    #expect(try proxy.get("/new").hasPrefix("HTTP/1.1 429 "))
    // Its own limit comes before its breaker; both are as they were.
    #expect(try proxy.get("/old").hasPrefix("HTTP/1.1 429 "))
    let breakers = try proxy.admin("/circuit-breakers?format=text")
    #expect(breakers.contains("route ingress/1 (service): open"), "\(breakers)")
    #expect(breakers.contains("route ingress/0 (service): closed"))
    #expect(proxy.stop())
  }

  /// A target that is written while somebody waits holds for who waits.
  @Test func aChangedTargetHoldsForThoseWhoWait() throws {
    let one = [services[0].port]
    func limits(_ more: String) -> String {
      yaml(
        upstream: "limits: { connections: 1\(more) }\n    timeouts: { pending: 60s }", ports: one)
    }
    let proxy = try RunningProxy(limits(""))
    let held = try proxy.hold()
    let waiting = try BlockingSocket.connect(port: proxy.port)
    try waiting.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    let isWaiting = try proxy.eventually {
      try proxy.metric("weir_upstream_requests_pending{upstream=\"service\"}") == 1
    }
    #expect(isWaiting)
    try reload(proxy, limits(", pending_target: 1ms, pending_interval: 1ms"))
    #expect(try waiting.receiveAll().contains("pending_shed"))
    services[0].release()
    #expect(try held.receiveAll().hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  @Test func anEmptyBucketStaysEmpty() throws {
    let proxy = try RunningProxy(yaml(route: ", rate_limit: { requests: 1, per: 1h }"))
    #expect(try proxy.ask().status == 200)
    #expect(try proxy.ask().status == 429)
    try reload(proxy, yaml(route: ", timeout: 5s, rate_limit: { requests: 1, per: 1h }"))
    for _ in 0..<4 { #expect(try proxy.ask().status == 429) }
    try reload(proxy, yaml(route: ", timeout: 5s, rate_limit: { requests: 2, per: 1h }"))
    #expect(try proxy.eventually { try proxy.ask().status == 200 })
    #expect(proxy.stop())
  }

  @Test func theEjectedStayEjectedAndReturnWithTheDetector() throws {
    let detector = "outlier_detection: { consecutive_5xx: 1 }"
    let proxy = try RunningProxy(yaml(upstream: detector))
    services[1].answer(500)
    #expect(
      try proxy.eventually {
        try proxy.ejections("consecutive_5xx") == 1 || proxy.ask().status == 500
      })
    services[1].answer(200)
    func names() throws -> Set<String> { Set(try (0..<4).map { _ in try proxy.ask().body }) }
    #expect(try names() == ["a"])
    try reload(proxy, yaml(upstream: "\(detector)\n    limits: { requests: 100 }"))
    #expect(try names() == ["a"])
    try reload(proxy, yaml(upstream: "outlier_detection: { consecutive_5xx: 2 }"))
    #expect(try names() == ["a"])
    try reload(proxy, yaml())
    #expect(try proxy.eventually { try names() == ["a", "b"] })
    #expect(proxy.stop())
  }

  /// An endpoint that left and came back is a new one.
  @Test func whatIsKnownOfAnEndpointGoesWithIt() throws {
    let breaker = "endpoint_\(Self.breaker) }"
    let proxy = try RunningProxy(yaml(upstream: breaker))
    services[1].answer(500)
    #expect(try proxy.eventually { try proxy.ask().status == 500 })
    services[1].answer(200)
    func names() throws -> Set<String> { Set(try (0..<4).map { _ in try proxy.ask().body }) }
    #expect(try names() == ["a"])
    try reload(proxy, yaml(upstream: breaker, ports: [services[0].port]))
    try reload(proxy, yaml(upstream: breaker))
    #expect(try proxy.eventually { try names() == ["a", "b"] })
    #expect(proxy.stop())
  }

  /// Who waits when its upstream leaves the mesh is told, and what is in flight ends well.
  @Test func whoWaitsForAnUpstreamThatLeavesIsTold() throws {
    let one = [services[0].port]
    let proxy = try RunningProxy(yaml(upstream: "limits: { connections: 1 }", ports: one))
    let held = try proxy.hold()
    let waiting = try BlockingSocket.connect(port: proxy.port)
    try waiting.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    let isWaiting = try proxy.eventually {
      try proxy.metric("weir_upstream_requests_pending{upstream=\"service\"}") == 1
    }
    #expect(isWaiting)
    try reload(
      proxy,
      yaml(ports: one).replacing("service", with: "other"))
    #expect(try waiting.receiveAll().contains("details=\"no_endpoint"))
    services[0].release()
    #expect(try held.receiveAll().hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.ask() == (200, "a"))
    #expect(proxy.stop())
  }
}
