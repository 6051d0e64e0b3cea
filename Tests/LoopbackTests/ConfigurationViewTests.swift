import ControlPlane
import Foundation
import ProxyConfiguration
import Testing

/// `/config` is a configuration itself: JSON is YAML, and nothing is left out.
struct ConfigurationViewTests {
  static func read(_ text: String, _ file: String) throws -> Configuration {
    var configuration = try ConfigurationReader.read(
      Array(text.utf8), file: file, environment: { _ in nil })
    // Where a route stands is not what it means, and neither is a warning.
    configuration.warnings = []
    for listener in configuration.listeners.indices {
      for route in configuration.listeners[listener].routes.indices {
        configuration.listeners[listener].routes[route].line = 0
        configuration.listeners[listener].routes[route].column = 0
      }
    }
    return configuration
  }

  private static func shown(_ configuration: Configuration) -> String {
    configuration.document?.json.text ?? ""
  }

  @Test func meansTheSameAsTheFile() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(ExampleTests.root)/config")
      .filter { $0.hasSuffix(".yaml") }
    for file in files {
      let path = "\(ExampleTests.root)/config/\(file)"
      let original = try Self.read(String(contentsOfFile: path, encoding: .utf8), file)
      let shown = Self.shown(original)
      let again = try Self.read(shown, "config")
      #expect(again == original, "\(file): \(shown)")
      #expect(Self.shown(again) == shown, "\(file)")
    }
  }

  /// Every policy, with values of its own.
  static let full = """
    zone: a
    priority_header: x-class
    listeners:
      - name: ingress
        address: 127.0.0.1:0
        proxy_protocol: true
        authorize:
          default: deny
          mode: shadow
          rules:
            - { action: allow, from: ["spiffe://td/a", "spiffe://td/b/*"], method: [GET], prefix: /p }
            - { action: deny, path: /q }
        routes:
          - match: {}
            upstream: u
            authorize:
              default: allow
              rules:
                - { action: deny, from: "spiffe://td/*", method: [PUT], prefix: /r }
                - { action: deny, path: /s }
            retry:
              { attempts: 3, on: [5xx, 409], per_try_timeout: 2s, backoff: { base: 5ms, max: 9ms },
                non_idempotent: true, idempotency_key: honoured, body_buffer: 1KiB,
                retry_after_max: 7s }
            hedge: { percentile: 99.5%, minimum_delay: 6ms, budget: 0.01% }
            rate_limit:
              - { requests: 10, per: 2s, burst: 20, by: header, header: x-tenant, keys: 30 }
              - { requests: 11, by: source }
              - { requests: 12 }
            priority: low
            circuit_breaker: { window_calls: 40, slow_call: 3s, recovery: off, mode: disabled }
            fallback: { upstream: v }
            fault:
              { delay: { share: 1%, duration: 3ms }, abort: { share: 2%, status: 500 },
                reset: { share: 3% }, bandwidth: { share: 4%, bytes_per_second: 5 },
                headers: { x-chaos: "*" } }
            subset: { version: v2, color: "$$1" }
          - match: { path: /c, headers: { x-a: b } }
            redirect: { scheme: https, host: a.test, path: /d, status: 308 }
          - match: { path: /e }
            split: [{ upstream: u, weight: 1 }, { upstream: v, weight: 2 }]
            headers:
              request: { set: { x-b: c }, add: { x-d: e }, remove: [x-f] }
              response: { set: { x-g: h }, add: { x-i: j }, remove: [x-k] }
          - match: { path: /b }
            upstream: u
            fallback: { respond: { status: 204 } }
    upstreams:
      u:
        endpoints:
          - address: 127.0.0.1:1
            weight: 2
            zone: a
            priority: 3
            metadata: { version: v2, color: "$$1" }
        balancing:
          { policy: ring_hash, hash_on: { header: x-user }, bounded_load: 137.5%,
            panic_threshold: 0%, ring_size: 2048 }
        health_check:
          { path: /health, interval: 3s, jitter: 1%, timeout: 2s, healthy: 4, unhealthy: 5, port: 6,
            host: u.test, statuses: [204, 300-399] }
        circuit_breaker:
          { failure_rate: 10%, slow_call_rate: 11%, window: 12s, minimum_calls: 13,
            consecutive_failures: off, open_for: 14s, open_for_max: 15s, half_open_calls: 16,
            recovery: 17s, mode: shadow, failures: { statuses: [418], grpc: [aborted] } }
        endpoint_circuit_breaker: { failure_rate: off, consecutive_failures: 18 }
        retry_budget: { ratio: 19%, minimum: 20 }
        outlier_detection:
          { consecutive_5xx: 21, consecutive_gateway_failures: 22,
            consecutive_local_origin_failures: off, interval: 23s, base_ejection: 24s,
            ejection_max: 25s, max_ejected: 26%,
            success_rate: { minimum_endpoints: 27, minimum_calls: 28, deviations: 290% },
            failure_percentage: { threshold: 30%, minimum_endpoints: 31, minimum_calls: 32 },
            latency: { factor: 33, minimum_endpoints: 34, minimum_calls: 35, floor: 36ms } }
        adaptive_concurrency:
          { minimum: 37, maximum: 38, buffer: 39%, interval: 40ms }
        limits: { pending_target: 42ms, pending_interval: 43ms }
      v:
        endpoints: [127.0.0.1:2]
        balancing: { policy: maglev, hash_on: { cookie: session } }
        outlier_detection: { success_rate: off }
        health_check: { port: 44 }
      w:
        endpoints: [127.0.0.1:3]
        balancing: { policy: ring_hash, hash_on: { source: true } }
      y:
        endpoints: [127.0.0.1:5]
        balancing: { policy: peak_ewma, slow_start: 9s, zone_minimum_endpoints: 7 }
      x:
        endpoints: [127.0.0.1:4]
        balancing: { policy: maglev, hash_on: { path: true } }

    """

  @Test func showsEveryPolicyAsItWasSet() throws {
    let original = try Self.read(Self.full, "full")
    let shown = Self.shown(original)
    let again = try Self.read(shown, "config")
    #expect(again == original, "\(shown)")
    #expect(Self.shown(again) == shown)
  }

  /// The keys that the reference page has; those of a route's actions stand in the examples.
  @Test func showsEveryKey() throws {
    var shown = Self.shown(try Self.read(Self.full, "full"))
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(ExampleTests.root)/config")
    for file in files where file.hasSuffix(".yaml") {
      let path = "\(ExampleTests.root)/config/\(file)"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      shown += Self.shown(try Self.read(text, file))
    }
    let page = try String(
      contentsOfFile: "\(ExampleTests.root)/docs/configuration.md", encoding: .utf8)
    let names = page.matches(of: /(?m)^\| `([^`]+)` \|(?! not built yet)/).map { String($0.1) }
    #expect(names.count > 150)
    // What is spoken is HTTP/1.1 everywhere; `scheme` is left out by the examples.
    for name in names where !name.hasSuffix("protocol") && !name.hasSuffix("scheme") {
      let key = name.split(separator: ".").last.map(String.init) ?? name
      #expect(shown.contains("\"\(key)\":"), "\(name)")
    }
  }

  @Test func tellsAPersonTheRoutes() throws {
    let proxy = try RunningProxy(
      """
      admin: { address: "127.0.0.1:0" }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes:
            - name: health
              match: { path: /health, method: [GET, HEAD], host: [ndp.test] }
              respond: {}
      """)
    #expect(
      try proxy.admin("/config?format=text")
        .contains("  route health: path /health, method GET|HEAD, host ndp.test -> respond 200\n"))
    #expect(proxy.stop())
  }
}
