import ControlPlane
import Primitives
import Testing
import WeirTesting

/// `balancing` over the wire: who answers which request.
@Suite(.serialized)
struct BalancingTests {
  private func services(_ count: Int) throws -> [NamedService] {
    try ["a", "b", "c", "d"].prefix(count).map { try NamedService($0) }
  }

  /// Entries of `endpoints`, each with what is said of it.
  private func yaml(
    _ services: [NamedService], _ traits: [String], upstream: String = "", top: String = "",
    routes: String = "{ match: {}, upstream: service }"
  ) -> String {
    let endpoints = zip(services, traits).map { service, traits in
      "{ address: \"127.0.0.1:\(service.port)\"\(traits) }"
    }
    return """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      \(top)
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [\(routes)] }
      upstreams:
        service:
          endpoints: [\(endpoints.joined(separator: ", "))]
          \(upstream)
      """
  }

  private func counts(_ count: Int, _ proxy: RunningProxy) throws -> [String: Int] {
    try (0..<count).reduce(into: [:]) { counts, _ in counts[try proxy.ask().body, default: 0] += 1 }
  }

  @Test(
    arguments: ["ring_hash", "maglev"], ["header: X-Patient", "cookie: session", "path: true"])
  func theSameKeyGoesToTheSameEndpoint(policy: String, key: String) throws {
    let services = try services(4)
    let proxy = try RunningProxy(
      endpoints: services.map(\.port),
      upstream: "balancing: { policy: \(policy), hash_on: { \(key) } }")
    var homes: Set<String> = []
    for number in 0..<12 {
      func home() throws -> String {
        switch key {
        case "path: true": try proxy.ask("/\(number)?any=\(Int.random(in: 0..<1000))").body
        case "cookie: session":
          try proxy.ask(
            headers: "Cookie: other=\(Int.random(in: 0..<1000)); session=\(number); last=2\r\n"
          ).body
        default: try proxy.ask(headers: "x-patient: \(number)\r\n").body
        }
      }
      let first = try home()
      homes.insert(first)
      #expect(try home() == first)
      #expect(try home() == first)
    }
    // Twelve keys at one of four by chance: once in four million.
    #expect(homes.count > 1)
    #expect(proxy.stop())
  }

  @Test(arguments: ["ring_hash", "maglev"]) func aClientStaysWhereItIs(policy: String) throws {
    let services = try services(4)
    let proxy = try RunningProxy(
      endpoints: services.map(\.port),
      upstream: "balancing: { policy: \(policy), hash_on: { source: true } }")
    // Each on a connection of its own, from a port of its own.
    #expect(try counts(10, proxy).count == 1)
    #expect(proxy.stop())
  }

  @Test func weightsAreKeptInTurn() throws {
    let services = try services(2)
    let proxy = try RunningProxy(yaml(services, [", weight: 3", ""]))
    #expect(try counts(12, proxy) == ["a": 9, "b": 3])
    #expect(proxy.stop())
  }

  @Test(arguments: ["least_request", "peak_ewma", "random"])
  func everyPolicyAsksEverybody(policy: String) throws {
    let services = try services(2)
    let proxy = try RunningProxy(
      endpoints: services.map(\.port), upstream: "balancing: { policy: \(policy) }")
    let isDone = try proxy.eventually {
      _ = try proxy.ask()
      return services.allSatisfy { !$0.requests.isEmpty }
    }
    #expect(isDone)
    #expect(proxy.stop())
  }

  @Test func theLessBusyIsAsked() throws {
    let services = try services(2)
    let proxy = try RunningProxy(
      endpoints: services.map(\.port), upstream: "balancing: { policy: least_request }")
    let held = try (0..<2).map { _ in try proxy.hold() }
    // Each took one, and notes it when its thread runs; from now on the one that is free is asked.
    #expect(Patience.waits { services.map(\.requests.count) == [1, 1] })
    services[0].release()
    let isFree = try proxy.eventually {
      try proxy.metric("weir_upstream_connections_idle{upstream=\"service\"}") == 1
    }
    #expect(isFree)
    #expect(try counts(6, proxy) == ["a": 6])
    services[1].release()
    for client in held { #expect(try client.receiveAll().hasPrefix("HTTP/1.1 200 ")) }
    #expect(proxy.stop())
  }

  @Test func theFasterIsAsked() throws {
    let services = [try NamedService("slow", answersAfter: 1_000_000), try NamedService("fast")]
    let proxy = try RunningProxy(
      endpoints: services.map(\.port), upstream: "balancing: { policy: peak_ewma }")
    let isKnown = try proxy.eventually { try proxy.ask().body == "slow" }
    #expect(isKnown)
    let counts = try counts(20, proxy)
    #expect((counts["fast"] ?? 0) >= 17, "\(counts)")
    #expect(proxy.stop())
  }

  private static let check =
    "health_check: { path: /health, interval: 100ms, jitter: 0%, timeout: 60s, healthy: 1, "
    + "unhealthy: 1 }"

  @Test func ownZoneIsAskedFirst() throws {
    let services = try services(2)
    let proxy = try RunningProxy(
      yaml(
        services, [", zone: cairo", ", zone: giza"],
        upstream: "balancing: { zone_minimum_endpoints: 2 }\n    \(Self.check)",
        top: "zone: giza"))
    #expect(try counts(8, proxy) == ["b": 8])
    services[1].answerHealth(503)
    #expect(try proxy.eventually { try counts(4, proxy) == ["a": 4] })
    #expect(proxy.stop())
  }

  @Test func aHigherPriorityStandsIn() throws {
    let services = try services(2)
    let proxy = try RunningProxy(
      yaml(services, [", priority: 1", ""], upstream: Self.check))
    #expect(try counts(8, proxy) == ["b": 8])
    services[1].answerHealth(503)
    #expect(try proxy.eventually { try counts(4, proxy) == ["a": 4] })
    services[1].answerHealth(200)
    #expect(try proxy.eventually { try counts(4, proxy) == ["b": 4] })
    #expect(proxy.stop())
  }

  @Test func aRoutePicksItsSubset() throws {
    let services = try services(3)
    let traits = ["v1", "v2", "v2"].map { ", metadata: { version: \($0), stage: live }" }
    let proxy = try RunningProxy(
      yaml(
        services, traits,
        routes: """
          { match: { path: /v2 }, upstream: service, subset: { version: v2 } },
                    { match: { path: /v3 }, upstream: service, subset: { version: v3 } },
                    { match: {}, upstream: service }
          """))
    let ofTheSecond = try (0..<8).map { _ in try proxy.ask("/v2").body }
    #expect(Set(ofTheSecond) == ["b", "c"])
    #expect(Set(try counts(9, proxy).keys) == ["a", "b", "c"])
    #expect(try proxy.get("/v3").contains("details=\"no_endpoint"))
    #expect(proxy.stop())
  }

  /// Not at the start of Weir, when all are new to it alike.
  @Test func onlyNewEndpointsStartSlowly() throws {
    let services = try services(3)
    let slow = "balancing: { slow_start: 3600s }"
    let proxy = try RunningProxy(yaml(Array(services.prefix(2)), ["", ""], upstream: slow))
    #expect(try counts(8, proxy) == ["a": 4, "b": 4])
    try proxy.rewrite(yaml(services, ["", "", ""], upstream: slow))
    proxy.plane.reload()
    #expect(try proxy.eventually { try proxy.ask().body == "c" })
    let counts = try counts(100, proxy)
    // A tenth of its share by chance, 5 of 100; without slow start it has 33.
    #expect((counts["c"] ?? 0) < 18, "\(counts)")
    #expect(abs((counts["a"] ?? 0) - (counts["b"] ?? 0)) <= 4, "\(counts)")
    #expect(proxy.stop())
  }

  /// The same reload without it: the new one is asked as often as the others.
  @Test func withoutSlowStartNewEndpointsAreAskedAtOnce() throws {
    let services = try services(3)
    let proxy = try RunningProxy(yaml(Array(services.prefix(2)), ["", ""]))
    try proxy.rewrite(yaml(services, ["", "", ""]))
    proxy.plane.reload()
    #expect(try proxy.eventually { try proxy.ask().body == "c" })
    #expect(try counts(9, proxy) == ["a": 3, "b": 3, "c": 3])
    #expect(proxy.stop())
  }
}
