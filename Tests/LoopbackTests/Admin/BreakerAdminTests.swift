import Foundation
import Primitives
import Testing
import WeirTesting

/// Breakers in an operator's hand, and how they and all other policies show.
@Suite(.serialized)
struct BreakerAdminTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func proxy(_ port: UInt16) throws -> RunningProxy {
    try RunningProxy(
      endpoints: [port],
      routes: "[{ match: {}, upstream: service, circuit_breaker: {} }]",
      upstream: """
        circuit_breaker: { recovery: off }
            endpoint_circuit_breaker: { recovery: off }
            adaptive_concurrency: {}
            outlier_detection: {}
            balancing: { policy: peak_ewma }
        """)
  }

  private func put(_ proxy: RunningProxy, _ target: String, _ body: String) throws -> String {
    try proxy.admin("/circuit-breakers/\(target)", method: "PUT", body: body)
  }

  private func state(
    _ proxy: RunningProxy, _ scope: String, _ subject: String, _ state: String
  ) throws -> Double {
    try proxy.metric(
      "weir_circuit_breaker_state{upstream=\"service\",scope=\"\(scope)\","
        + "subject=\"\(subject)\",state=\"\(state)\"}")
  }

  @Test func forcesAndReleasesAnUpstream() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try proxy(endpoint.port)
    #expect(try proxy.get("/").hasSuffix("ok"))
    #expect(try state(proxy, "upstream", "service", "closed") == 1)
    #expect(
      try put(proxy, "service", "forced_open").hasSuffix("upstream service: closed → forced_open\n")
    )
    #expect(
      try put(proxy, "service", "forced_open").hasSuffix(
        "upstream service: forced_open as before\n"))
    try proxy.expectAnswered(try proxy.get("/"), as: .circuitOpen)
    #expect(try state(proxy, "upstream", "service", "forced_open") == 1)
    #expect(try state(proxy, "upstream", "service", "closed") == 0)
    #expect(
      try proxy.metric(
        "weir_circuit_breaker_transitions_total{upstream=\"service\",scope=\"upstream\","
          + "to=\"forced_open\"}") == 1)
    #expect(
      try proxy.admin("/upstreams?format=text").contains("circuit breaker forced_open"))
    #expect(try put(proxy, "service", "released").hasSuffix("forced_open → closed\n"))
    #expect(try proxy.get("/").hasSuffix("ok"))
    #expect(try put(proxy, "service", "shadow").hasSuffix("closed → shadow\n"))
    #expect(try put(proxy, "service", "disabled").hasSuffix("shadow → disabled\n"))
    #expect(try proxy.get("/").hasSuffix("ok"))
    #expect(proxy.stop())
  }

  @Test func forcesEndpointsAndRoutes() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try proxy(endpoint.port)
    let address = "127.0.0.1:\(endpoint.port)"
    #expect(
      try put(proxy, "service?scope=endpoint&subject=\(address)", "forced_open")
        .hasSuffix("endpoint \(address): closed → forced_open\n"))
    try proxy.expectAnswered(try proxy.get("/"), as: .circuitOpen)
    #expect(
      try proxy.metric("weir_upstream_endpoints{upstream=\"service\",state=\"circuit_open\"}") == 1)
    #expect(
      try proxy.metric("weir_upstream_endpoints{upstream=\"service\",state=\"available\"}") == 0)
    #expect(
      try proxy.admin("/upstreams?format=text")
        .contains("\(address)  forced_open: mode_set: forced open by hand"))
    // All endpoints, where none is named.
    #expect(
      try put(proxy, "service?scope=endpoint", "released").hasSuffix("forced_open → closed\n"))
    #expect(try proxy.get("/").hasSuffix("ok"))
    #expect(
      try put(proxy, "service?scope=route&subject=1", "forced_open")
        .hasSuffix("route ingress/1: closed → forced_open\n"))
    #expect(try proxy.get("/").contains("circuit_open"))
    #expect(
      try put(proxy, "service?scope=route&subject=ingress%2F1", "released")
        .hasSuffix("forced_open → recovering\n"))
    #expect(proxy.stop())
  }

  /// Who would force a breaker where there is none learns what to configure.
  @Test func saysHowToGetOne() throws {
    let proxy = try RunningProxy(endpoints: [1])
    let answer = try put(proxy, "service", "forced_open")
    #expect(answer.hasPrefix("HTTP/1.1 404 "))
    #expect(answer.contains("service has no circuit breaker; give it one, circuit_breaker: {"))
    #expect(proxy.stop())
  }

  @Test func saysWhatThereIs() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try proxy(endpoint.port)
    let address = "127.0.0.1:\(endpoint.port)"
    for (target, body, status, text) in [
      ("nobody", "disabled", 404, "there is no upstream nobody; there are service"),
      ("service?scope=pod", "disabled", 400, "scope must be one of route, upstream, endpoint"),
      ("service", "open", 400, "the body must be one of forced_open, disabled, shadow, released"),
      (
        "service?scope=endpoint&subject=a:1", "disabled", 404,
        "service has no circuit breaker of scope endpoint and subject a:1; "
          + "it has upstream service, endpoint \(address), route ingress/1"
      ),
    ] {
      let answer = try put(proxy, target, body)
      #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains(text), "\(answer)")
    }
    #expect(try proxy.admin("/circuit-breakers/service").hasPrefix("HTTP/1.1 404 "))
    let text = try proxy.admin("/circuit-breakers?format=text")
    #expect(text.contains("upstream service: closed: 0 calls, 0 failed, 0 slow"))
    #expect(text.contains("endpoint \(address) (service): closed: "))
    #expect(text.contains("route ingress/1 (service): closed: "))
    let json = try proxy.admin("/circuit-breakers")
    #expect(json.contains("{\"scope\":\"upstream\",\"upstreams\":[\"service\"]"))
    #expect(proxy.stop())
  }

  @Test func showsAllOfAnUpstream() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let spare = try ScriptedEndpoint.answering { _ in Self.ok }
    let closed = try PortReservation()
    let full = try RunningProxy(
      """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: 5s }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes:
            - { match: {}, upstream: service, retry: { attempts: 3, on: [connect-failure] } }
      upstreams:
        service:
          endpoints:
            - { address: "127.0.0.1:\(endpoint.port)", weight: 2, zone: a }
            - { address: "127.0.0.1:\(closed.port)", zone: b }
            - { address: "127.0.0.1:\(spare.port)", priority: 1 }
          circuit_breaker: {}
          endpoint_circuit_breaker: {}
          adaptive_concurrency: {}
          outlier_detection: {}
          balancing: { policy: peak_ewma }
      """)
    for _ in 0..<20 { #expect(try full.get("/").hasSuffix("ok")) }
    let text = try full.admin("/upstreams?format=text")
    #expect(
      text.contains("/1024, pending 0/1024, requests 0/1024\n"), "\(text)")
    #expect(
      text.contains("  circuit breaker closed: 20 calls, 0 failed, 0 slow; failures in a row: 0"))
    #expect(text.contains("  retries 0/3 at 0 requests\n"))
    #expect(text.contains("  adaptive limit 0/"))
    #expect(
      text.contains(
        try Regex("requests +errors +p50 +p99 +average +weight +priority +zone")), "\(text)")
    // Nobody checks their health, so that there is no such column.
    #expect(!text.contains("unchecked"), "\(text)")
    let pattern = try Regex("127.0.0.1:\(closed.port) +ejected [0-9.]+ m?s: connect_refused")
    #expect(text.contains(pattern), "\(text)")
    #expect(text.contains(try Regex("connect_refused [0-9.]+ m?s ago")), "\(text)")
    let answer = try full.admin("/upstreams")
    let data = Data(answer.components(separatedBy: "\r\n\r\n")[1].utf8)
    let all = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let service = try #require(all["service"] as? [String: Any])
    let endpoints = try #require(service["endpoints"] as? [[String: Any]])
    #expect(endpoints.map { $0["weight"] as? Int } == [2, 1, 1])
    #expect(endpoints.map { $0["zone"] as? String } == ["a", "b", nil])
    #expect(endpoints.map { $0["priority"] as? Int } == [0, 0, 1])
    #expect(endpoints.map { $0["health"] as? String } == Array(repeating: "unchecked", count: 3))
    #expect(endpoints.map { $0["state"] as? String } == ["available", "ejected", "available"])
    #expect((endpoints[1]["ejected"] as? [String: Any])?["cause"] as? String == "connect_refused")
    #expect(endpoints[0]["latency_us"] as? Int ?? 0 > 0)
    func total(_ name: String) -> Int { endpoints.compactMap { $0[name] as? Int }.reduce(0, +) }
    #expect(total("requests") - total("errors") == 20 && endpoints[0]["errors"] as? Int == 0)
    #expect(endpoints[0]["p50_us"] as? Int ?? 0 > 0 && endpoints[0]["p99_us"] as? Int ?? 0 > 0)
    #expect(endpoints[1]["errors"] as? Int ?? 0 > 0 && endpoints[1]["until"] is String)
    #expect(endpoints[1]["reason"] as? String == "connect_refused")
    let last = try #require(endpoints[1]["last_error"] as? [String: Any])
    #expect(last["reason"] as? String == "connect_refused" && last["at"] is String)
    #expect(service["adaptive_concurrency"] != nil && service["retry_budget"] != nil)
    #expect(
      try full.metric("weir_upstream_endpoints{upstream=\"service\",state=\"ejected\"}") == 1)
    #expect(try full.metric("weir_concurrency_limit{upstream=\"service\"}") > 0)
    #expect(try full.metric("weir_concurrency_in_flight{upstream=\"service\"}") == 0)
    #expect(
      try full.metric("weir_retry_budget_in_flight{upstream=\"service\",kind=\"retries\"}") == 0)
    #expect(full.stop())
  }
}
