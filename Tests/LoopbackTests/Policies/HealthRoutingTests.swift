import ControlPlane
import Primitives
import Testing
import WeirTesting

/// What health checks mean for traffic. How they are made stands in `HealthCheckTests`.
@Suite(.serialized)
struct HealthRoutingTests {
  private static let check =
    "health_check: { path: /health, interval: 100ms, jitter: 0%, timeout: 60s, healthy: 1, "
    + "unhealthy: 1 }"

  private func services(_ names: String...) throws -> [NamedService] {
    try names.map { try NamedService($0) }
  }

  /// Who answers the next requests, as many as there are endpoints times two.
  private func answering(_ proxy: RunningProxy) throws -> Set<String> {
    Set(try (0..<6).map { _ in try proxy.ask().body })
  }

  @Test func theIllAreNotAskedUntilTheyAreWell() throws {
    let services = try services("a", "b")
    let proxy = try RunningProxy(endpoints: services.map(\.port), upstream: Self.check)
    #expect(try answering(proxy) == ["a", "b"])
    services[1].answerHealth(503)
    #expect(try proxy.eventually { try answering(proxy) == ["a"] })
    services[1].answerHealth(200)
    #expect(try proxy.eventually { try answering(proxy) == ["a", "b"] })
    for result in ["success", "bad_status"] {
      let series = "weir_health_checks_total{upstream=\"service\",result=\"\(result)\"}"
      #expect(try proxy.metric(series) >= 1, "\(result)")
    }
    #expect(proxy.stop())
  }

  /// Where nearly all are ill, the checks may be.
  @Test func allAreAskedInPanic() throws {
    let services = try services("a", "b", "c")
    let proxy = try RunningProxy(endpoints: services.map(\.port), upstream: Self.check)
    services[2].answerHealth(503)
    #expect(try proxy.eventually { try answering(proxy) == ["a", "b"] })
    services[1].answerHealth(503)
    // One of three is less than half.
    #expect(try proxy.eventually { try answering(proxy) == ["a", "b", "c"] })
    #expect(proxy.stop())
  }

  @Test func withoutPanicNobodyIsLeft() throws {
    let services = try services("a")
    let proxy = try RunningProxy(
      endpoints: services.map(\.port),
      upstream: "balancing: { panic_threshold: 0% }\n    \(Self.check)")
    services[0].answerHealth(503)
    #expect(try proxy.eventually { try proxy.ask().status == 503 })
    #expect(try proxy.get("/").contains("details=\"no_endpoint"))
    services[0].answerHealth(200)
    #expect(try proxy.eventually { try proxy.ask().status == 200 })
    #expect(proxy.stop())
  }

  /// Who is no longer asked is no longer ill.
  @Test func aReloadWithoutTheCheckTakesItsWordBack() throws {
    let services = try services("a", "b")
    func yaml(_ check: String) -> String {
      """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [{ match: {}, upstream: service }] }
      upstreams:
        service:
          endpoints: [127.0.0.1:\(services[0].port), 127.0.0.1:\(services[1].port)]
          \(check)
      """
    }
    let proxy = try RunningProxy(yaml(Self.check))
    services[1].answerHealth(503)
    #expect(try proxy.eventually { try answering(proxy) == ["a"] })
    try proxy.rewrite(yaml("limits: { requests: 100 }"))
    proxy.plane.reload()
    #expect(try proxy.eventually { try answering(proxy) == ["a", "b"] })
    #expect(proxy.stop())
  }
}
