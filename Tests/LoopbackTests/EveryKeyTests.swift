import Discovery
import Foundation
import Primitives
import ProxyConfiguration
import Routing
import Telemetry
import Testing
import Upstreams

@testable import ControlPlane
@testable import DataPath
@testable import Resilience

/// No key is taken and does nothing: whatever value is changed, what the workers or the control plane
/// serve by changes with it. What a machine makes of its policy is its own tests' business.
struct EveryKeyTests {
  /// Keys that are read where neither a snapshot nor a policy shows them, and the test that sees them
  /// work.
  static let elsewhere: [String: String] = [
    "workers": "WorkerCountTests", "admin.address": "AdminTests",
    "admin.public": "AdminOriginTests", "admin.hosts": "AdminOriginTests",
    "admin.socket_mode": "UnixPathTests", "listeners[].socket_mode": "UnixPathTests",
    "limits.connections": "DescriptorTests", "limits.buffers": "LimitTests",
    "drain.timeout": "DrainTests", "listeners[].routes[].rate_limit[].keys": "RateLimiterTests",
    "telemetry.access_log.path": "LogTests", "telemetry.log.format": "LogTests",
    "telemetry.metrics.endpoints": "EndpointFigureTests",
    "upstreams.<name>.resolve_interval": "NameTests",
    // A context of TLS does not show what it was made of.
    "listeners[].tls.certificate": "TLSReloadTests", "listeners[].tls.key": "TLSReloadTests",
    "listeners[].tls.trust": "TLSListenerTests",
    "listeners[].tls.client_certificate": "TLSListenerTests",
    "listeners[].tls.minimum_version": "TLSListenerTests",
    "listeners[].tls.mode": "TLSListenerTests",
    "listeners[].tls.handshake_timeout": "TLSListenerTests",
    "listeners[].protocol": "TCPTests", "listeners[].upstream": "TCPTests",
    "upstreams.<name>.protocol": "HTTP2UpstreamTests",
    "upstreams.<name>.tls.certificate": "TLSUpstreamTests",
    "upstreams.<name>.tls.key": "TLSUpstreamTests",
    "upstreams.<name>.tls.trust": "TLSUpstreamTests",
    "upstreams.<name>.tls.server_name": "TLSUpstreamTests",
    "upstreams.<name>.tls.spiffe_id": "TLSUpstreamTests",
    "upstreams.<name>.tls.minimum_version": "TLSUpstreamTests",
  ]

  /// Keys that no example here changes one by one, and why.
  static let fixed: [String: String] = [
    "listeners[].routes[].retry.idempotency_key": "there is one value",
    "listeners[].routes[].rate_limit": "it is changed as rate_limit[]",
    "upstreams.<name>.endpoint_circuit_breaker.window_calls": "it is one of circuit_breaker's keys",
    "upstreams.<name>.balancing.hash_on.source": "false is refused",
    "upstreams.<name>.balancing.hash_on.identity": "false is refused",
    "upstreams.<name>.balancing.hash_on.path": "false is refused",
  ]

  // MARK: Changing

  /// Each leaf's path as in the reference, and the whole with another value there.
  private static func changes(
    _ value: JSONValue, _ path: String, _ whole: @escaping (JSONValue) -> JSONValue
  ) -> [(path: String, whole: JSONValue)] {
    switch value {
    case .object(let members):
      return members.enumerated().flatMap { place, member in
        let isNamed = path == "upstreams" || isFree(path)
        let name = path == "upstreams" ? "<name>" : member.0
        let inner = path.isEmpty ? name : isNamed && name != "<name>" ? path : "\(path).\(name)"
        return changes(member.1, inner) { changed in
          var copy = members
          copy[place].1 = changed
          return whole(.object(copy))
        }
      }
    case .list(let items):
      return items.enumerated().flatMap { place, item in
        let isScalar = if case .object = item { false } else { true }
        return changes(item, isScalar ? path : path + "[]") { changed in
          var copy = items
          copy[place] = changed
          return whole(.list(copy))
        }
      }
    default: return candidates(value).map { (path, whole($0)) }
    }
  }

  /// Mappings whose names are the user's: fields and metadata.
  private static func isFree(_ path: String) -> Bool {
    ["metadata", "subset", "match.headers", "fault.headers", "set", "add"].contains {
      path.hasSuffix(".\($0)")
    }
  }

  private static func candidates(_ value: JSONValue) -> [JSONValue] {
    switch value {
    case .boolean(let value): return [.boolean(!value)]
    case .number(let value):
      return [value + 1, value - 1, value * 2, value / 2].filter { $0 != value }.map(
        JSONValue.number)
    case .text(let text):
      var found: [String] = []
      if let match = text.firstMatch(of: /^(\d+)(\.\d+)?(\D*)$/), let number = Int(match.1) {
        found += [number + 1, number - 1, number * 2].map { "\($0)\(match.2 ?? "")\(match.3)" }
      }
      found += [
        "off", "7s", "7%", "7", "shadow", "enforced", "round_robin", "ring_hash", "low", "high",
        "json",
        "logfmt", "forwarded", "w3c", "b3", "5xx", "aborted", "internal", "route", "source", "GET",
        "https", "http", "v", "w", "x-other", "/other", "other.test", "127.0.0.9", "127.0.0.9:99",
        "10.9.0.0/16", "other",
        "text/other", "allow", "deny", "spiffe://other/a",
      ]
      return found.filter { $0 != text }.map(JSONValue.text)
    default: return []
    }
  }

  // MARK: What it means

  /// All that is served by, as text.
  private func meaning(of configuration: Configuration) throws -> String {
    let builder = SnapshotBuilder(registry: MetricRegistry())
    var answers: [String: EndpointResolution.Answer] = [:]
    for upstream in configuration.upstreams {
      answers[upstream.name] = EndpointResolution().answer(
        upstream.endpoints.map { ($0.address, $0.weight) })
    }
    let snapshot = try builder.build(
      configuration, answers: answers, shards: [MetricShard()], now: Instant(nanoseconds: 0))[0]
    var lines = [Self.describe(snapshot.settings)]
    for (listener, settings) in zip(snapshot.listeners, configuration.listeners) {
      lines.append(Self.describe(listener.settings))
      lines += settings.routes.map { "\(RouteMatch($0))" }
      lines += listener.routes.map { Self.describe($0) }
    }
    for (plan, settings) in zip(snapshot.plans, configuration.upstreams) {
      lines.append(Self.describe(plan))
      if let check = settings.healthCheck {
        lines.append("\(check.policy) \(HealthQuestion(check))")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Machines by what they go by, all else by its parts.
  private static func describe(_ value: Any, depth: Int = 0) -> String {
    switch value {
    case let breaker as CircuitBreaker:
      return breaker.machine.withLock { "\($0.rules) \($0.mode) \($0.window.capacity ?? 0)" }
        + "\(breaker.machine.withLock { "\($0.window)" })"
    case let limiter as RateLimiter: return "\(limiter.policy)"
    case let limiter as ConcurrencyLimiter: return "\(limiter.policy)"
    case let detector as OutlierDetector: return "\(detector.policy)"
    case let budget as RetryBudget: return "\(budget.ratio) \(budget.minimum)"
    case let limits as ResourceLimits:
      return ResourceLimits.Resource.allCases.map { "\($0) \(limits.most($0))" }.joined()
    case let endpoint as EndpointState:
      return endpoint.identity + (endpoint.breaker.map { describe($0) } ?? "")
    case let state as UpstreamState:
      return [
        describe(state.limits), describe(state.budget), state.breaker.map { describe($0) } ?? "",
        describe(state.classifier), describe(state.endpointClassifier), "\(state.shadows)",
        state.limiter.map { describe($0) } ?? "", state.detector.map { describe($0) } ?? "",
        state.endpoints.map { describe($0) }.joined(),
      ].joined(separator: " ")
    case is RequestSeries, is SubsetTable, is HashPlacement: return ""
    case let classifier as OutcomeClassifier:
      return "\((100...599).filter { classifier.statuses.contains($0) }) \(classifier.grpcStatuses)"
    default: break
    }
    let mirror = Mirror(reflecting: value)
    guard depth < 12, !mirror.children.isEmpty else { return "\(value)" }
    return mirror.children.map { "\($0.label ?? ""):\(describe($0.value, depth: depth + 1))" }
      .joined(separator: ",")
  }

  // MARK: The tests

  private static func sources() throws -> [(name: String, text: String)] {
    let folder = "\(ExampleTests.root)/config"
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      // Their TLS keys are all among `elsewhere`, and the files are nowhere.
      .filter {
        $0.hasSuffix(".yaml") && !["mtls.yaml", "authorize.yaml", "tcp.yaml"].contains($0)
      }.sorted()
    return [("full", ConfigurationViewTests.full)]
      + (try files.map { ($0, try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) })
  }

  @Test func everyKeyMakesADifference() throws {
    // Paths that were changed, and whether a change was seen.
    var seen: [String: Bool] = [:]
    for (name, text) in try Self.sources() {
      let original = try ConfigurationReader.read(
        Array(text.utf8), file: name, environment: { _ in nil })
      let shown = original.document?.json ?? .null
      let before = try ConfigurationViewTests.read(shown.text, "shown")
      let meant = try meaning(of: before)
      for (path, changed) in Self.changes(shown, "", { $0 }) where seen[path] != true {
        // Not every candidate is a value of that key.
        guard let after = try? ConfigurationViewTests.read(changed.text, "changed"), after != before
        else { continue }
        seen[path] = try meaning(of: after) != meant
      }
    }
    let idle = seen.filter { !$0.value }.map(\.key).sorted()
    let unexplained = idle.filter { Self.elsewhere[$0] == nil }
    #expect(unexplained == [], "these keys are read and do nothing")
    // What needs no excuse any more.
    #expect(Self.elsewhere.keys.filter { seen[$0] == true }.sorted() == [])

    let page = try String(
      contentsOfFile: "\(ExampleTests.root)/docs/configuration.md", encoding: .utf8)
    let keys = page.matches(of: /(?m)^\| `([^`]+)` \|(?! not built yet)/).map { String($0.1) }
    let unchanged = keys.filter { key in
      seen[key] == nil && Self.fixed[key] == nil && Self.elsewhere[key] == nil
        && !keys.contains { $0.hasPrefix("\(key).") || $0.hasPrefix("\(key)[]") }
    }
    #expect(keys.count > 150 && unchanged == [], "these keys were never changed: \(unchanged)")
  }

  /// The tests that stand in for it are there.
  @Test(arguments: elsewhere.sorted { $0.key < $1.key }.map(\.value))
  func theOtherTestIsThere(name: String) throws {
    let files = FileManager.default.enumerator(atPath: "\(ExampleTests.root)/Tests")
    let all = files?.compactMap { $0 as? String } ?? []
    #expect(all.contains { $0.hasSuffix("/\(name).swift") }, "\(name)")
  }
}
