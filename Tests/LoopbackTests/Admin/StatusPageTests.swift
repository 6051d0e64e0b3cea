import Dispatch
import Foundation
import Testing
import WeirTesting

@testable import ControlPlane

/// `/livez`, `/readyz` and `/metrics`: whatever else the control plane does, and as the client wants
/// them.
@Suite(.serialized)
struct StatusPageTests {
  private func proxy() throws -> RunningProxy {
    try RunningProxy(
      endpoints: [1], upstream: "circuit_breaker: {}", top: "telemetry: { via: true }")
  }

  @Test func probesAreAnsweredWhateverIsBuilt() throws {
    let proxy = try proxy()
    let release = DispatchSemaphore(value: 0)
    // As a build of any length would.
    proxy.plane.queue.async { release.wait() }
    for _ in 0..<3 {
      #expect(try proxy.admin("/livez").hasSuffix("alive\n"))
      #expect(try proxy.admin("/readyz").hasSuffix("ready\n"))
      #expect(try proxy.admin("/metrics").contains("weir_circuit_breaker_state{"))
    }
    release.signal()
    #expect(try proxy.admin("/config").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  @Test(
    arguments: [
      (nil, "text/plain; version=0.0.4"), ("*/*", "text/plain; version=0.0.4"),
      ("text/html, */*;q=0.8", "text/plain; version=0.0.4"),
      ("application/openmetrics-text", "application/openmetrics-text; version=1.0.0"),
      ("Application/OpenMetrics-Text; Q=1", "application/openmetrics-text; version=1.0.0"),
      ("application/*", "application/openmetrics-text; version=1.0.0"),
      ("application/openmetrics-text;q=0", "text/plain; version=0.0.4"),
      ("application/openmetrics-text;q=0.3, text/plain;q=0.5", "text/plain; version=0.0.4"),
      ("text/plain;q=0.1, application/openmetrics-text;q=0.2", "application/openmetrics-text"),
      ("application/openmetrics-text;version=0.0.1", "text/plain; version=0.0.4"),
      ("application/openmetrics-text;q=2", "text/plain; version=0.0.4"),
      ("image/png", "text/plain; version=0.0.4"),
      // Prometheus 2.54.
      (
        "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;"
          + "q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        "application/openmetrics-text; version=1.0.0"
      ),
    ] as [(String?, String)])
  func metricsComeInTheFormatThatIsWanted(accept: String?, type: String) throws {
    let proxy = try proxy()
    let fields = accept.map { ["-H", "Accept: \($0)"] } ?? ["-H", "Accept:"]
    let answer = try Command.run(
      "curl", ["-s", "-i", "-m", "20"] + fields + ["http://127.0.0.1:\(proxy.adminPort)/metrics/"])
    #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer.prefix(200))")
    #expect(answer.contains("content-type: \(type)"), "\(answer.prefix(300))")
    #expect(answer.contains("vary: accept, accept-encoding\r\n"))
    #expect(answer.hasSuffix("# EOF\n") == type.hasPrefix("application"))
    #expect(proxy.stop())
  }

  @Test(arguments: [
    ("gzip", true), ("GZIP", true), ("deflate, gzip;q=0.5", true), ("*", true),
    ("gzip;q=0", false), ("identity", false), ("identity, gzip;q=0.5", false), ("br", false),
    ("*;q=0.5, gzip;q=0", false),
  ])
  func metricsAreCompressedWhereThatIsWanted(encoding: String, isCompressed: Bool) throws {
    let proxy = try proxy()
    let url = "http://127.0.0.1:\(proxy.adminPort)/metrics"
    let script = """
      curl -s -m 20 -D /dev/stderr -H 'Accept-Encoding: \(encoding)' \(url) 2>&1 >/tmp/$$ \
      && (gzip -dc </tmp/$$ 2>/dev/null || cat /tmp/$$); rm -f /tmp/$$
      """
    let answer = try Command.run("sh", ["-c", script])
    #expect(answer.contains("content-encoding: gzip\r\n") == isCompressed, "\(answer.prefix(300))")
    #expect(answer.contains("\nweir_build_info{"), "\(answer.suffix(300))")
    #expect(proxy.stop())
  }

  /// Who asks for gzip with a client's own means gets the same text.
  @Test func curlUnpacksWhatItAskedFor() throws {
    let proxy = try proxy()
    let answer = try Command.run(
      "curl",
      ["-s", "-m", "20", "--compressed", "http://127.0.0.1:\(proxy.adminPort)/metrics"])
    #expect(answer.contains("\nprocess_cpu_seconds_total "), "\(answer.prefix(200))")
    #expect(proxy.stop())
  }

  @Test func seriesOfAnUpstreamThatIsGoneGo() throws {
    func yaml(_ name: String) -> String {
      """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [{ match: {}, upstream: \(name) }] }
      upstreams:
        \(name): { endpoints: ["127.0.0.1:1"], circuit_breaker: {} }
      """
    }
    let proxy = try RunningProxy(yaml("before"))
    _ = try proxy.get("/")
    #expect(try proxy.admin("/metrics").contains("weir_upstream_connections{upstream=\"before\"}"))
    try proxy.rewrite(yaml("after"))
    proxy.plane.reload()
    let isDone = try proxy.eventually { try proxy.metric("weir_config_reloads_total") >= 1 }
    #expect(isDone)
    let text = try proxy.admin("/metrics")
    for gauge in [
      "weir_upstream_connections", "weir_circuit_breaker_state", "weir_upstream_endpoints",
    ] {
      #expect(!text.contains("\(gauge){upstream=\"before\""), "\(gauge)")
      #expect(text.contains("\(gauge){upstream=\"after\""), "\(gauge)")
    }
    // Read once more by every scraper.
    #expect(text.contains("weir_upstream_attempts_total{upstream=\"before\"}"))
    #expect(proxy.stop())
  }
}
