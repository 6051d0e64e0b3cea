import Foundation
import Testing
import WeirTesting

/// Panic is seen: in the metrics, at the admin address, in the log; and it ends, as ejections do,
/// although no request comes.
@Suite(.serialized)
struct PanicTests {
  private let metric = "weir_upstream_panic{upstream=\"service\"}"
  private let ejected = "weir_upstream_endpoints{upstream=\"service\",state=\"ejected\"}"

  /// One endpoint of three is left. `base`: how long the others are ejected. With the proxy what must
  /// live as long.
  private func panicking(
    _ base: String, _ log: String
  ) throws -> (RunningProxy, servers: [AnyObject]) {
    let service = try NamedService()
    let relays = try (0..<2).map { _ in try Relay(to: service.port, .resetting) }
    let proxy = try RunningProxy(
      endpoints: [service.port] + relays.map(\.port),
      upstream: """
        outlier_detection:
              { max_ejected: 100%, consecutive_local_origin_failures: 1, base_ejection: \(base) }
        """, top: "telemetry: { access_log: { path: \"\(log)\" } }")
    let isPanicking = try proxy.eventually {
      _ = try proxy.ask().status
      return try proxy.ejections("consecutive_local_origin_failures") >= 2
    }
    #expect(isPanicking)
    return (proxy, [service] + relays)
  }

  @Test func isSeenEverywhere() throws {
    let log = NSTemporaryDirectory() + "weir-panic-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let (proxy, servers) = try panicking("60s", log)
    defer { withExtendedLifetime(servers) {} }
    _ = try proxy.ask()
    #expect(try proxy.metric(metric) == 1)
    let text = try proxy.admin("/upstreams?format=text")
    #expect(text.contains("panic: 1 of 3 endpoints available"), "\(text)")
    #expect(try proxy.admin("/upstreams").contains("\"panic\""))
    #expect(
      try proxy.eventually {
        try String(contentsOfFile: log, encoding: .utf8).contains(", panic\"")
      })
    #expect(proxy.stop())
  }

  /// Nobody asks for anything but metrics.
  @Test func itAndEjectionsEndWithoutTraffic() throws {
    let log = NSTemporaryDirectory() + "weir-panic-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let (proxy, servers) = try panicking("5s", log)
    defer { withExtendedLifetime(servers) {} }
    #expect(
      try proxy.eventually { try proxy.metric(metric) == 0 && proxy.metric(ejected) == 0 })
    #expect(try !proxy.admin("/upstreams").contains("until the next request"))
    #expect(proxy.stop())
  }
}
