import Foundation
import Primitives
import Testing
import WeirTesting

/// `outlier_detection`: who is ejected, who never is, who returns.
@Suite(.serialized)
struct OutlierTests {
  /// Ports where nobody listens, as long as the test runs.
  private let closed: [PortReservation]

  init() throws { closed = try (0..<3).map { _ in try PortReservation() } }

  private func closedPorts(_ count: Int) -> [UInt16] { closed.prefix(count).map(\.port) }

  private func statuses(_ count: Int, _ proxy: RunningProxy) throws -> [Int] {
    try (0..<count).map { _ in try proxy.ask().status }
  }

  @Test func aRefusedConnectionEjectsAtOnce() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port] + closedPorts(1), upstream: "outlier_detection: {}")
    let statuses = try statuses(10, proxy)
    // It is looked at again after a second, and then after two.
    let refused = statuses.count { $0 == 502 }
    #expect((1...3).contains(refused), "\(statuses)")
    #expect(try proxy.ejections("connect_refused") == Double(refused))
    #expect(proxy.stop())
  }

  @Test func failuresInARowEject() throws {
    let (good, bad) = (try NamedService("good"), try NamedService("bad"))
    bad.answer(500)
    let proxy = try RunningProxy(
      endpoints: [good.port, bad.port], upstream: "outlier_detection: { consecutive_5xx: 3 }")
    let statuses = try statuses(12, proxy)
    #expect(statuses.count { $0 == 500 } == 3, "\(statuses)")
    #expect(bad.requests.count == 3)
    #expect(try proxy.ejections("consecutive_5xx") == 1)
    #expect(proxy.stop())
  }

  /// With all of them gone nobody is the worse one.
  @Test func theLastOneIsNeverEjected() throws {
    let proxy = try RunningProxy(
      endpoints: closedPorts(3),
      upstream: """
        outlier_detection: { max_ejected: 100% }
            balancing: { panic_threshold: 0% }
        """)
    for _ in 0..<9 { #expect(try proxy.get("/").contains("connect_refused")) }
    #expect(try proxy.ejections("connect_refused") == 2)
    #expect(proxy.stop())
  }

  @Test func noMoreAreEjectedThanMayBe() throws {
    let service = try NamedService()
    let relays = try (0..<3).map { _ in try Relay(to: service.port, .resetting) }
    let proxy = try RunningProxy(
      endpoints: [service.port] + relays.map(\.port),
      // Longer than a slow machine takes for all of it.
      upstream: """
        outlier_detection:
              { max_ejected: 50%, consecutive_local_origin_failures: 1, base_ejection: 5m,
                ejection_max: 10m }
        """)
    // While most of them fail alike, that speaks against none: the second goes once the one that is well
    // has been heard of often enough, and how often that is, time decides too.
    let areTwo = try proxy.eventually {
      _ = try proxy.ask()
      return try proxy.ejections("consecutive_local_origin_failures") == 2
    }
    #expect(areTwo)
    // One of the two that are left is dead.
    let statuses = try statuses(12, proxy)
    #expect(statuses.count { $0 == 502 } == 6, "\(statuses)")
    #expect(try proxy.ejections("consecutive_local_origin_failures") == 2)
    #expect(proxy.stop())
  }

  @Test func theEjectedReturnWhenTheirTimeIsUp() throws {
    let (good, bad) = (try NamedService("good"), try NamedService("bad"))
    let relay = try Relay(to: bad.port, .refusing)
    let proxy = try RunningProxy(
      endpoints: [good.port, relay.port],
      upstream: "outlier_detection: { base_ejection: 200ms, interval: 100ms }")
    #expect(try proxy.eventually { try proxy.ask().status == 502 })
    #expect(try proxy.ejections("connect_refused") == 1)
    relay.behave(.passing)
    #expect(try proxy.eventually { try proxy.ask().body == "bad" })
    let bodies = try (0..<4).map { _ in try proxy.ask().body }
    #expect(bodies.count { $0 == "bad" } == 2, "\(bodies)")
    #expect(proxy.stop())
  }

  @Test func aRetryIsNotSentToTheEjected() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port] + closedPorts(1),
      routes: """
        [{ match: { prefix: / }, upstream: service,
               retry: { attempts: 2, on: [connect-failure], backoff: { base: 1ms, max: 1ms } } }]
        """, upstream: "outlier_detection: {}")
    #expect(try statuses(10, proxy).allSatisfy { $0 == 200 })
    let ejections = try proxy.ejections("connect_refused")
    #expect((1...3).contains(ejections))
    #expect(
      try proxy.metric(
        "weir_upstream_retries_total{upstream=\"service\",reason=\"connect_refused\",result=\"success\"}"
      ) == ejections)
    #expect(proxy.stop())
  }

  /// What counts as which failure.
  @Test(arguments: [
    (503, "consecutive_gateway_failures: 2", "consecutive_gateway_failures"),
    (0, "consecutive_local_origin_failures: 2", "consecutive_local_origin_failures"),
  ])
  func failuresInARowEjectByKind(status: Int, rule: String, reason: String) throws {
    let (good, bad) = (try NamedService("good"), try NamedService("bad"))
    bad.answer(status)
    // Without a status: connections that are reset as soon as they are there.
    let relay = try Relay(to: bad.port, status == 0 ? .resetting : .passing)
    let proxy = try RunningProxy(
      endpoints: [good.port, relay.port],
      upstream: "outlier_detection: { consecutive_5xx: off, \(rule) }")
    let statuses = try statuses(10, proxy)
    #expect(statuses.count { $0 != 200 } == 2, "\(statuses)")
    #expect(try proxy.ejections(reason) == 1)
    #expect(proxy.stop())
  }

  /// Once an interval endpoints are held against each other.
  @Test(arguments: [
    ("failure_percentage: { threshold: 90%, minimum_endpoints: 3, minimum_calls: 3 }", 500),
    ("success_rate: { deviations: 100%, minimum_endpoints: 3, minimum_calls: 3 }", 500),
    ("latency: { factor: 3, floor: 50ms, minimum_endpoints: 3, minimum_calls: 3 }", 200),
  ])
  func endpointsAreCompared(rule: String, status: Int) throws {
    let bad = try NamedService("bad", answersAfter: status == 200 ? 500_000 : 0)
    bad.answer(status)
    let services = [try NamedService("a"), bad, try NamedService("b")]
    let proxy = try RunningProxy(
      endpoints: services.map(\.port),
      upstream: "outlier_detection: { consecutive_5xx: off, interval: 2s, \(rule) }")
    let reason = rule.components(separatedBy: ":")[0]
    let isEjected = try proxy.eventually {
      _ = try statuses(6, proxy)
      return try proxy.ejections(reason) == 1
    }
    #expect(isEjected)
    let before = bad.requests.count
    #expect(try statuses(8, proxy).allSatisfy { $0 == 200 })
    #expect(bad.requests.count == before)
    #expect(proxy.stop())
  }
}
