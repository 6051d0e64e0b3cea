import Foundation
import Testing
import WeirTesting

/// The kind: a protection that takes the last thing that works. With real servers that restart one
/// after the other, and a route that fails at all of them.
@Suite(.serialized)
struct LastResortTests {
  private func statuses(
    _ count: Int, _ proxy: RunningProxy, _ target: String = "/"
  ) throws -> [Int] {
    try (0..<count).map { _ in try proxy.ask(target).status }
  }

  /// The second goes down while the first, well again, is still ejected: nothing fails, since it is
  /// asked before the second is asked again.
  @Test func theRestartOfOneReplicaAfterTheOtherFailsNothing() throws {
    let promised = try PromisedProxy(
      Fleet(2), route: [PromisedProxy.retry],
      upstream: ["outlier_detection: {}", PromisedProxy.budget])
    let (fleet, proxy) = (promised.fleet, promised.proxy)
    for (first, second) in [(0, 1), (1, 0)] {
      fleet.kill(first)
      #expect(try statuses(8, proxy).allSatisfy { $0 == 200 })
      try fleet.revive(first)
      fleet.kill(second)
      let found = try statuses(32, proxy)
      #expect(found.allSatisfy { $0 == 200 }, "\(found)")
      try fleet.revive(second)
      #expect(try statuses(8, proxy).allSatisfy { $0 == 200 })
    }
    #expect(proxy.stop())
  }

  /// Without retries the request that finds the last one down fails, and brings the other back.
  @Test func withoutRetriesTheFirstReturnsWhenTheSecondIsDown() throws {
    let fleet = try Fleet(2)
    let proxy = try RunningProxy(
      addresses: fleet.addresses,
      upstream: "outlier_detection: { consecutive_local_origin_failures: 1 }")
    // Thirty seconds, since it was not refused.
    fleet.relays[0].behave(.resetting)
    #expect(
      try proxy.eventually {
        _ = try statuses(1, proxy)
        return try proxy.ejections("consecutive_local_origin_failures") == 1
      })
    fleet.relays[0].behave(.passing)
    fleet.kill(1)
    let found = try statuses(32, proxy)
    #expect((1...3).contains(found.count { $0 != 200 }), "\(found)")
    #expect(found.suffix(16).allSatisfy { $0 == 200 }, "\(found)")
    #expect(proxy.stop())
  }

  /// A route that answers 503 at each endpoint ejects nobody and opens no endpoint's breaker.
  @Test func oneBadRoutePoisonsNothing() throws {
    let fleet = try Fleet(3)
    let proxy = try RunningProxy(
      addresses: fleet.addresses,
      routes: """
        [{ match: { prefix: /always-503 }, upstream: service },
              { match: { prefix: / }, upstream: service }]
        """,
      upstream: """
        outlier_detection: {}
            endpoint_circuit_breaker: { window_calls: 40, consecutive_failures: off }
        """)
    for _ in 0..<4 {
      let good = try statuses(90, proxy)
      #expect(good.allSatisfy { $0 == 200 }, "\(good)")
      #expect(try statuses(31, proxy, "/always-503").allSatisfy { $0 == 503 })
    }
    #expect(try statuses(30, proxy).allSatisfy { $0 == 200 })
    let metrics = try proxy.admin("/metrics")
    #expect(!metrics.contains("weir_outlier_ejections_total{"), "\(metrics)")
    #expect(try proxy.transitions("endpoint", to: "open") == 0)
    #expect(proxy.stop())
  }
}
