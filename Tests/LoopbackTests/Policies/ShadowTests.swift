import Foundation
import Primitives
import Testing
import WeirTesting

/// `mode: shadow` of every policy that refuses: it decides as if, counts, tells, and refuses nothing;
/// and the same traffic is refused where it is enforced.
@Suite(.serialized)
struct ShadowTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var policy: String
    var failure: FailureKind
    var route = ""
    /// With `%` for the mode.
    var upstream = ""
    /// Requests that are held at the endpoint before the one that is looked at.
    var held = 1
    /// Requests that are answered before it.
    var before = 0

    var testDescription: String { policy }

    func isMet(by proxy: RunningProxy) throws -> Bool {
      try proxy.metric(
        "weir_policy_would_refuse_total{upstream=\"service\",policy=\"\(policy)\"}") > 0
    }
  }

  static let cases = [
    Case(
      policy: "rate_limit", failure: .rateLimited,
      route: "rate_limit: { requests: 1, per: 1h, mode: % }", held: 0, before: 1),
    Case(
      policy: "adaptive_concurrency", failure: .concurrencyLimited,
      upstream: "adaptive_concurrency: { minimum: 1, maximum: 1, mode: % }"),
    Case(
      policy: "shedding", failure: .requestShed, route: "priority: low",
      upstream: "limits: { requests: 10 }\n    shedding: { mode: % }", held: 9),
    Case(
      policy: "limits.requests", failure: .requestsExceeded,
      upstream: "limits: { requests: 1, mode: % }"),
    Case(
      policy: "limits.connections", failure: .pendingOverflow,
      upstream: "limits: { connections: 1, pending: 0, mode: % }"),
  ]

  private func yaml(_ each: Case, _ mode: String, _ port: UInt16, _ log: String) -> String {
    let route = each.route.isEmpty ? "" : ", \(each.route)"
    return """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: 5s }
      telemetry: { access_log: { path: \(log) } }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes:
            - { match: { prefix: /held }, upstream: service, priority: critical }
            - { match: { prefix: / }, upstream: service\(route) }
      upstreams:
        service:
          endpoints: ["127.0.0.1:\(port)"]
          \(each.upstream)

      """.replacingOccurrences(of: "%", with: mode)
  }

  @Test(arguments: cases)
  func tellsAndRefusesNothing(each: Case) throws {
    let log = NSTemporaryDirectory() + "weir-shadow-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let service = try NamedService()
    let proxy = try RunningProxy(yaml(each, "shadow", service.port, log), route: "1")
    for _ in 0..<each.before { #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 ")) }
    // Those of a high priority fill what the others may not.
    let held = try (0..<each.held).map { _ in try proxy.hold("/held") }
    // Many alike would be refused: one in some is kept for explanations.
    let answer = try proxy.get("/", headers: "X-Request-ID: watched\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
    service.release(each.held)
    for client in held { #expect(try client.receiveAll().contains(" 200 ")) }
    #expect(try each.isMet(by: proxy))
    let explained = try proxy.admin("/explain/watched")
    #expect(explained.contains("\(each.policy) would have refused it (shadow)"), "\(explained)")
    let json = try proxy.admin("/explain/watched?format=json")
    #expect(json.contains("\"would_refuse\":[\"\(each.policy)\"]"), "\(json)")
    let text = try proxy.admin("/upstreams?format=text")
    #expect(text.contains("would have refused: ") && text.contains("\(each.policy) 1"), "\(text)")
    #expect(proxy.stop())
    let lines = try String(contentsOfFile: log, encoding: .utf8)
    #expect(lines.contains("\"would_refuse\":\"\(each.policy)\""), "\(lines)")
  }

  /// The same traffic under the same policy, enforced: the test above has watched the right one.
  @Test(arguments: cases)
  func refusesWhereItIsEnforced(each: Case) throws {
    let log = NSTemporaryDirectory() + "weir-shadow-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let service = try NamedService()
    let proxy = try RunningProxy(yaml(each, "enforced", service.port, log), route: "1")
    for _ in 0..<each.before { _ = try proxy.get("/") }
    let held = try (0..<each.held).map { _ in try proxy.hold("/held") }
    let answer = try proxy.get("/")
    #expect(
      answer.contains("\r\nproxy-status: ") && answer.contains(each.failure.name), "\(answer)")
    service.release(each.held)
    for client in held { _ = try client.receiveAll() }
    #expect(try !each.isMet(by: proxy))
    #expect(proxy.stop())
  }

  /// What a shadow lets through takes no place: the next one is judged as if it had been refused.
  @Test func whatWouldBeRefusedTakesNoPlace() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port], upstream: "limits: { requests: 2, mode: shadow }")
    let held = try (0..<4).map { _ in try proxy.hold() }
    #expect(try proxy.admin("/upstreams?format=text").contains("requests 2/2"))
    service.release(4)
    for client in held { #expect(try client.receiveAll().contains(" 200 ")) }
    // All that was taken was given back, and nothing else.
    #expect(
      try proxy.eventually {
        try proxy.admin("/upstreams?format=text").contains("requests 0/2")
      })
    #expect(
      try proxy.metric(
        "weir_policy_would_refuse_total{upstream=\"service\",policy=\"limits.requests\"}") == 2)
    #expect(proxy.stop())
  }

  @Test func outlierDetectionEjectsNobody() throws {
    let service = try NamedService()
    let relay = try Relay(to: service.port, .resetting)
    let proxy = try RunningProxy(
      endpoints: [service.port, relay.port],
      upstream: """
        outlier_detection:
              { mode: shadow, max_ejected: 100%, consecutive_local_origin_failures: 2, base_ejection: 60s }
        """)
    let isTold = try proxy.eventually {
      _ = try proxy.ask()
      return try proxy.ejections("consecutive_local_origin_failures") >= 1
    }
    #expect(isTold)
    let text = try proxy.admin("/upstreams?format=text")
    #expect(
      text.contains("127.0.0.1:\(relay.port) would be ejected for "), "\(text)")
    #expect(!text.contains(": consecutive_local_origin_failures  "), "\(text)")
    let state = "weir_upstream_endpoints{upstream=\"service\",state"
    #expect(try proxy.metric("\(state)=\"ejected\"}") == 0)
    // It is still asked: every other request fails.
    let statuses = try (0..<10).map { _ in try proxy.ask().status }
    #expect(statuses.contains { $0 != 200 } && statuses.contains(200))
    withExtendedLifetime(relay) {}
    #expect(proxy.stop())
  }

  @Test func checkListsWhatIsInShadow() throws {
    let file = "\(ExampleTests.root)/config/shadow.yaml"
    let text = try Command.require(try WeirProcess.binary, ["check", file])
    let list = try #require(
      text.split(separator: "\n").first { $0.hasPrefix("in shadow, so that they refuse nothing: ") }
    )
    for key in [
      "listeners.inbound.routes.prescriptions.rate_limit",
      "upstreams.prescription-service.circuit_breaker",
      "upstreams.prescription-service.outlier_detection",
      "upstreams.prescription-service.adaptive_concurrency",
      "upstreams.prescription-service.shedding", "upstreams.prescription-service.limits",
    ] {
      #expect(list.contains(key), "\(text)")
    }
    let minimal = "\(ExampleTests.root)/config/minimal.yaml"
    #expect(
      try !Command.require(try WeirProcess.binary, ["check", minimal]).contains("in shadow"))
  }
}
