import Primitives
import Testing
import WeirTesting

/// The order of admission (`Exchange+Admission`): where two stages would refuse, the earlier one
/// answers. Each test first shows that the later one refuses by itself.
@Suite(.serialized)
struct AdmissionOrderTests {
  private static let once = "rate_limit: { requests: 1, per: 1h }"
  private static let breaker =
    "circuit_breaker: { consecutive_failures: 1, open_for: 60s, recovery: off }"
  private static let abort = "fault: { abort: { share: 100% }, headers: { x-fault: \"*\" } }"
  private static let adaptive = "adaptive_concurrency: { minimum: 10, maximum: 10 }"
  /// Takes places, and is refused by nothing that the tests refuse with.
  private static let holding =
    "{ match: { prefix: /held }, upstream: service, priority: critical }"

  private let service: NamedService

  init() throws { service = try NamedService() }

  private func proxy(_ routes: String..., upstream: String = "") throws -> RunningProxy {
    let all = ([Self.holding] + routes).joined(separator: ",\n         ")
    return try RunningProxy(
      endpoints: [service.port], routes: "[\(all)]", upstream: upstream)
  }

  private func route(_ path: String, _ policies: String...) -> String {
    let rest = policies.map { ", \($0)" }.joined()
    return "{ match: { path: \(path) }, upstream: service\(rest) }"
  }

  /// What the answer to `target` says that failed.
  private func reason(
    _ target: String, headers: String = "", _ proxy: RunningProxy
  ) throws -> String? {
    let answer = try proxy.get(target, headers: headers)
    return (answer.firstMatch(of: /details="([a-z_]+)/)?.1).map(String.init)
  }

  private func end(_ held: [BlockingSocket], _ proxy: RunningProxy) throws {
    service.release(held.count)
    for client in held { #expect(try client.receiveAll().hasPrefix("HTTP/1.1 200 ")) }
    #expect(proxy.stop())
  }

  private func hold(_ count: Int, _ proxy: RunningProxy) throws -> [BlockingSocket] {
    try (0..<count).map { _ in try proxy.hold() }
  }

  /// Above all of admission: what is denied takes no token.
  @Test func authorizationIsAboveAdmission() throws {
    let deny = "authorize: { default: allow, rules: [{ action: deny, method: [DELETE] }] }"
    let proxy = try proxy(route("/faulty", Self.abort, deny), route("/limited", Self.once, deny))
    let denied = { (path: String) in
      try proxy.exchange(
        "DELETE \(path) HTTP/1.1\r\nHost: a\r\nx-fault: 1\r\nConnection: close\r\n\r\n"
      ).contains("details=\"authorization_denied")
    }
    #expect(try reason("/faulty", headers: "x-fault: 1\r\n", proxy) == "fault_injected")
    #expect(try denied("/faulty"))
    for _ in 0..<3 { #expect(try denied("/limited")) }
    #expect(try proxy.ask("/limited").status == 200)
    #expect(try reason("/limited", proxy) == "rate_limited")
    #expect(try denied("/limited"))
    #expect(proxy.stop())
  }

  /// The listener's answers where no route would, and where the route's would too.
  @Test func theListenersAuthorizationIsAboveRoutes() throws {
    let proxy = try RunningProxy(
      endpoints: [service.port],
      routes: "[\(route("/both", "authorize: { default: deny }"))]",
      listener: "authorize: { default: allow, rules: [{ action: deny, method: [DELETE] }] }")
    #expect(try reason("/none", proxy) == "no_route")
    #expect(try reason("/both", proxy) == "authorization_denied")
    for path in ["/none", "/both"] {
      let answer = try proxy.exchange(
        "DELETE \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      #expect(answer.contains("details=\"authorization_denied"))
    }
    let name =
      "weir_authorization_denied_total{listener=\"ingress\",route=\"none\",mode=\"enforced\"}"
    #expect(try proxy.metric(name) == 2)
    #expect(proxy.stop())
  }

  @Test func theDeadlineIsAboveFaults() throws {
    let slow = try NamedService(answersAfter: 30_000)
    let proxy = try RunningProxy(
      endpoints: [slow.port], routes: "[\(route("/", Self.abort))]")
    // Now it is known what the service takes at least.
    #expect(try proxy.ask().status == 200)
    let fault = "x-fault: 1\r\n"
    #expect(try reason("/", headers: fault, proxy) == "fault_injected")
    let hurry = "x-envoy-expected-rq-timeout-ms: 1\r\n"
    #expect(try reason("/", headers: fault + hurry, proxy) == "deadline_unreachable")
    #expect(proxy.stop())
  }

  @Test func faultsAreAboveRateLimits() throws {
    let proxy = try proxy(route("/", Self.abort, Self.once))
    #expect(try proxy.ask().status == 200)
    #expect(try reason("/", proxy) == "rate_limited")
    #expect(try reason("/", headers: "x-fault: 1\r\n", proxy) == "fault_injected")
    #expect(proxy.stop())
  }

  @Test func rateLimitsAreAboveShedding() throws {
    let proxy = try proxy(
      route("/limited", Self.once, "priority: low"), route("/low", "priority: low"),
      upstream: Self.adaptive)
    #expect(try proxy.ask("/limited").status == 200)
    let held = try hold(7, proxy)
    #expect(try reason("/low", proxy) == "request_shed")
    #expect(try reason("/limited", proxy) == "rate_limited")
    try end(held, proxy)
  }

  /// One look at one count: a class is refused by its part of the limit, and by the limit itself,
  /// which the answer then names, when nobody of any class would be let in.
  @Test func sheddingEndsWhereTheAdaptiveLimitBegins() throws {
    let proxy = try proxy(route("/low", "priority: low"), upstream: Self.adaptive)
    var held = try hold(7, proxy)
    #expect(try reason("/low", proxy) == "request_shed")
    held += try hold(3, proxy)
    #expect(try reason("/low", proxy) == "concurrency_limited")
    try end(held, proxy)
  }

  @Test func sheddingAndTheAdaptiveLimitAreAboveBreakers() throws {
    let proxy = try proxy(
      route("/open", Self.breaker, "priority: low"), upstream: Self.adaptive)
    service.answer(500)
    #expect(try proxy.ask("/open").status == 500)
    service.answer(200)
    #expect(try reason("/open", proxy) == "circuit_open")
    var held = try hold(7, proxy)
    #expect(try reason("/open", proxy) == "request_shed")
    held += try hold(3, proxy)
    #expect(try reason("/open", proxy) == "concurrency_limited")
    try end(held, proxy)
  }

  @Test func theBreakerOfTheRouteIsAboveThatOfTheUpstream() throws {
    let proxy = try proxy(
      route("/both", Self.breaker), route("/one"), upstream: Self.breaker)
    service.answer(500)
    #expect(try proxy.ask("/both").status == 500)
    #expect(try proxy.get("/one").contains("circuit_open: upstream"))
    #expect(try proxy.get("/both").contains("circuit_open: route"))
    #expect(proxy.stop())
  }

  @Test func breakersAreAboveTheRequestsLimit() throws {
    let proxy = try proxy(
      route("/open", Self.breaker), route("/other"), upstream: "limits: { requests: 1 }")
    service.answer(500)
    #expect(try proxy.ask("/open").status == 500)
    service.answer(200)
    let held = try hold(1, proxy)
    #expect(try reason("/other", proxy) == "requests_exceeded")
    #expect(try reason("/open", proxy) == "circuit_open")
    try end(held, proxy)
  }

  @Test func theRequestsLimitIsAboveTheChoiceOfAnEndpoint() throws {
    let proxy = try proxy(
      route("/nobody", "subset: { version: none }"), upstream: "limits: { requests: 1 }")
    #expect(try reason("/nobody", proxy) == "no_endpoint")
    let held = try hold(1, proxy)
    #expect(try reason("/nobody", proxy) == "requests_exceeded")
    try end(held, proxy)
  }

  /// What is refused above has taken no place among the probes below.
  @Test func whoIsRefusedAboveTakesNoProbe() throws {
    let proxy = try proxy(
      route(
        "/open", "priority: low",
        "circuit_breaker: { consecutive_failures: 1, open_for: 10ms, half_open_calls: 1, recovery: off }"
      ), upstream: Self.adaptive)
    service.answer(500)
    #expect(try proxy.ask("/open").status == 500)
    service.answer(200)
    let held = try hold(7, proxy)
    for _ in 0..<3 { #expect(try reason("/open", proxy) == "request_shed") }
    #expect(try !proxy.admin("/circuit-breakers").contains("half_open, 1 probes out"))
    service.release(7)
    for client in held { #expect(try client.receiveAll().hasPrefix("HTTP/1.1 200 ")) }
    #expect(try proxy.eventually { try proxy.ask("/open").status == 200 })
    #expect(proxy.stop())
  }
}
