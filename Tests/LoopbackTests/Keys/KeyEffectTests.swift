import DataPath
import Foundation
import Primitives
import ProxyConfiguration
import Telemetry
import Testing
import Upstreams

@testable import ControlPlane
@testable import Discovery

/// The kind: a key that is accepted and does nothing. Each leaf of the schema is changed by itself,
/// and what workers and checks are given must differ; a key that is not tried fails.
///
/// What a machine makes of its policy is its own test's to show; that a balancing policy regards
/// each key it takes is `SlowStartTests`' and `BalancerShareTests`' to show.
struct KeyEffectTests {
  /// Keys of the control plane itself, which acts by the configuration, and who shows that.
  private static let shownElsewhere: Set<String> = [
    "workers",  // WorkerCountTests
    "admin.address",  // AdminTests
    "listeners[].protocol",  // has one value
    "listeners[].routes[].name",  // TelemetryTests
    "listeners[].routes[].retry.idempotency_key",  // has one value; JourneyTests
    "upstreams.<name>.protocol",  // has one value
    "upstreams.<name>.resolve_interval",  // NameTests
    "limits.connections", "limits.buffers",  // LimitTests
    "drain.delay", "drain.timeout",  // ProcessTests
    "telemetry.access_log.path",  // LogTests
  ]

  /// Every key that has a default or a value of its own, in two upstreams and some routes.
  private static let base = """
    zone: a
    listeners:
      - name: ingress
        address: 127.0.0.1:0
        routes:
          - match: { prefix: /a, method: [GET], host: [a.test], headers: { x-a: b } }
            upstream: u
            rewrite: { prefix: /b }
            headers:
              request: { set: { x-b: c }, add: { x-d: e }, remove: [x-f] }
              response: { set: { x-b: c }, add: { x-d: e }, remove: [x-f] }
            timeout: 9s
            total_timeout: 19s
            retry: { per_try_timeout: 2s }
            hedge: {}
            rate_limit: { requests: 10, per: 2s, burst: 20, by: header, header: x-tenant, keys: 30 }
            circuit_breaker: { slow_call: 3s, failures: { statuses: [500-599], grpc: [aborted] } }
            fallback: { respond: { status: 204, body: a, content_type: text/plain } }
            fault:
              { delay: { share: 1%, duration: 3ms }, abort: { share: 2%, status: 500 },
                reset: { share: 3% }, bandwidth: { share: 4%, bytes_per_second: 5 },
                headers: { x-chaos: "*" } }
            subset: { version: v2 }
          - match: { path: /b }
            split: [{ upstream: u, weight: 3 }, { upstream: v, weight: 4 }]
            circuit_breaker: { window_calls: 40 }
            fallback: { upstream: w }
          - match: { regex: /c }
            redirect: { scheme: https, host: r.test, path: /r, status: 301 }
          - match: { path: /d }
            respond: { status: 203, body: b, content_type: text/html }
          - match: { path: /e }
            upstream: w
    upstreams:
      u:
        endpoints:
          - { address: "127.0.0.1:1", weight: 2, zone: a, priority: 3, metadata: { version: v2 } }
        balancing: { policy: peak_ewma, slow_start: 9s }
        health_check: { path: /health, port: 6, host: u.test }
        circuit_breaker: { slow_call: 3s, failures: { statuses: [500-599], grpc: [aborted] } }
        endpoint_circuit_breaker: { slow_call: 3s, failures: { statuses: [418], grpc: [aborted] } }
        outlier_detection: { success_rate: {}, failure_percentage: {}, latency: {} }
        adaptive_concurrency: {}
        limits: { pending_target: 42ms }
        timeouts: { pool_age: 9s }
      v:
        endpoints: [127.0.0.1:2]
        balancing: { policy: ring_hash, hash_on: { header: x-user }, bounded_load: 150% }
        circuit_breaker: { window_calls: 40 }
        endpoint_circuit_breaker: { window_calls: 40 }
      w:
        endpoints: [127.0.0.1:3]
        balancing: { policy: ring_hash, hash_on: { cookie: session } }
      x:
        endpoints: [127.0.0.1:4]
        balancing: { policy: ring_hash, hash_on: { source: true } }
      y:
        endpoints: [127.0.0.1:5]
        balancing: { policy: ring_hash, hash_on: { path: true } }
    telemetry: { access_log: { path: "-" } }
    """

  private func read(_ text: String) throws -> Configuration {
    try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
  }

  /// What the proxy's parts are given of a configuration, as text.
  private func given(_ text: String) throws -> String {
    let configuration = try read(text)
    var answers: [String: EndpointResolution.Answer] = [:]
    for upstream in configuration.upstreams {
      answers[upstream.name] = EndpointResolution.Answer(
        endpoints: upstream.endpoints.enumerated().compactMap { entry, endpoint in
          SocketAddress(endpoint.address).map {
            EndpointResolution.Endpoint(
              address: $0, weight: UInt32(endpoint.weight), entry: entry)
          }
        }, failedNames: [])
    }
    let snapshots = try build(configuration, answers)
    var portrait = Portrait()
    for snapshot in snapshots { portrait.add(snapshot) }
    for check in configuration.upstreams.compactMap(\.healthCheck) {
      portrait.add(HealthCheckPolicy(check))
      portrait.add(HealthQuestion(check))
    }
    return portrait.text
  }

  /// Those that one value cannot show: each text is put in place of the other.
  private static let replaced: [String: (String, String)] = [
    "upstreams.<name>.balancing.hash_on.source": ("{ source: true }", "{ path: true }"),
    "upstreams.<name>.balancing.hash_on.path": ("{ path: true }", "{ source: true }"),
    "listeners[].routes[].redirect.status": ("status: 301", "status: 308"),
    "listeners[].routes[].match.path": ("match: { path: /d }", "match: { path: /dd }"),
    "listeners[].routes[].match.regex": ("match: { regex: /c }", "match: { prefix: /c }"),
    "listeners[].routes[].rate_limit": ("by: header, header: x-tenant", "by: source"),
    "upstreams.<name>.outlier_detection.success_rate": ("success_rate: {}", "success_rate: off"),
    "upstreams.<name>.circuit_breaker.window_calls": ("window_calls: 40", "window_calls: 41"),
    "upstreams.<name>.endpoint_circuit_breaker.window_calls": (
      "endpoint_circuit_breaker: { window_calls: 40 }",
      "endpoint_circuit_breaker: { window_calls: 41 }"
    ),
  ]

  private func build(
    _ configuration: Configuration, _ answers: [String: EndpointResolution.Answer]
  ) throws -> [Snapshot] {
    let builder = SnapshotBuilder(registry: MetricRegistry())
    return try builder.build(
      configuration, answers: answers, shards: [MetricShard()], now: Instant(nanoseconds: 1))
  }

  @Test func everyKeyChangesWhatTheProxyIsGiven() throws {
    let document = ConfigurationView.json(try read(Self.base))
    let unchanged = try given(document.text)
    #expect(try given(document.text) == unchanged, "the same configuration gives the same")
    let page = try String(
      contentsOfFile: "\(ExampleTests.root)/docs/configuration.md", encoding: .utf8)
    let rows = page.matches(of: /(?m)^\| `([^`]+)` \| (?!not built yet)([^|]*)\|/)
      .map { (name: String($0.1), kind: String($0.2)) }
    let leaves = rows.filter { row in
      !row.kind.contains("a mapping ") && !row.kind.contains("each a mapping")
    }
    #expect(leaves.count > 150)
    for (name, kind) in leaves where !Self.shownElsewhere.contains(name) {
      if let (from, to) = Self.replaced[name] {
        let text = Self.base.replacingOccurrences(of: from, with: to)
        let (before, after) = (try given(Self.base), try given(text))
        #expect(text != Self.base && after != before, "\(name)")
        continue
      }
      let choices = kind.split(separator: "one of ").last.map {
        $0.split(separator: ", ").map { $0.trimmingCharacters(in: .whitespaces) }
      }
      // Some of the values are refused; one that is accepted must matter.
      let differs = KeyChanges.documents(document, name, choices: choices ?? []).contains {
        (try? given($0.text)).map { $0 != unchanged } ?? false
      }
      #expect(differs, "\(name) is accepted and does nothing, or no value of it was tried")
    }
  }
}
