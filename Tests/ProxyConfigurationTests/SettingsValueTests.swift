import Primitives
import ProxyConfiguration
import Resilience
import Testing
import Upstreams

/// Values that are written otherwise than by default, as a program gets them.
struct SettingsValueTests {
  private func upstream(_ text: String) throws -> UpstreamConfiguration {
    try read("", "u: { endpoints: [127.0.0.1:1, 127.0.0.1:2], \(text) }").upstreams[0]
  }

  private func route(_ text: String) throws -> RouteConfiguration {
    try read(", \(text)", "u: { endpoints: [127.0.0.1:1, 127.0.0.1:2] }").listeners[0].routes[0]
  }

  private func read(_ route: String, _ upstream: String) throws -> Configuration {
    let text = """
      zone: a
      priority_header: X-Class
      listeners:
        - { name: a, address: "127.0.0.1:80", routes: [{ match: {}, upstream: u\(route) }] }
      upstreams:
        \(upstream)
        v: { endpoints: [127.0.0.1:3] }
      """
    return try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
  }

  @Test func fieldNamesAreInLowerCase() throws {
    let configuration = try read("", "u: { endpoints: [127.0.0.1:1] }")
    #expect(configuration.priorityHeader == "x-class")
    #expect(configuration.zone == "a")
    let limit = try route("rate_limit: { requests: 1, by: header, header: X-Tenant }")
    #expect(limit.rateLimits[0].key == .header("x-tenant"))
    #expect(
      try upstream("balancing: { policy: maglev, hash_on: { header: X-User } }").balancing.hashOn
        == .header("x-user"))
    let fault = try route("fault: { reset: { share: 1% }, headers: { X-Chaos: 1 } }").fault
    #expect(fault?.headers.first?.name == "x-chaos")
  }

  @Test(arguments: RetryCondition.names)
  func everyConditionIsTaken(name: String) throws {
    let retry = try route("retry: { on: [\(name), 400, 599] }").retry
    let condition = try #require(RetryCondition(name: name))
    #expect(retry?.conditions == [condition, .status(400), .status(599)])
  }

  @Test(arguments: [
    ("0.01%", 1), ("12.5%", 1250), ("12.05%", 1205), ("100%", 10_000), ("007%", 700),
  ])
  func sharesAreExact(text: String, basisPoints: Int) throws {
    let ratio = try upstream("retry_budget: { ratio: \(text) }").retryBudget.ratio
    #expect(Int(ratio.basisPoints) == basisPoints)
    #expect(Scalars.text(basisPoints: basisPoints).hasSuffix("%"))
    let again = try upstream("retry_budget: { ratio: \(Scalars.text(basisPoints: basisPoints)) }")
    #expect(again.retryBudget.ratio == ratio)
  }

  @Test func hashSourcesAndPolicies() throws {
    let sources: [(String, BalancingConfiguration.HashSource)] = [
      ("header: x", .header("x")), ("cookie: Sid", .cookie("Sid")), ("source: true", .source),
      ("identity: true", .identity), ("path: true", .path),
    ]
    for (text, source) in sources {
      for policy in [BalancingPolicy.ringHash, .maglev] {
        let balancing = try upstream(
          "balancing: { policy: \(policy.rawValue), hash_on: { \(text) }, bounded_load: 125% }"
        ).balancing
        #expect(balancing.hashOn == source && balancing.settings.policy == policy)
        #expect(balancing.settings.boundedLoadPercent == 125)
      }
    }
    for policy in BalancingPolicy.allCases where !policy.isHashed {
      #expect(
        try upstream("balancing: { policy: \(policy.rawValue) }").balancing.settings.policy
          == policy)
    }
  }

  @Test func breakersByCallsAndWithOwnFailures() throws {
    let breaker = try #require(
      try upstream(
        """
        circuit_breaker: { window_calls: 50, failure_rate: off, slow_call: 2s, recovery: off,
          consecutive_failures: off, mode: shadow,
          failures: { statuses: [429, 502-504], grpc: [aborted] } }
        """
      ).circuitBreaker)
    let classifier = breaker.classifier
    #expect((400...599).filter { classifier.statuses.contains($0) } == [429] + Array(502...504))
    #expect(classifier.grpcStatuses == 1 << 10)
    let policy = breaker.policy
    #expect(policy.window == .calls(50))
    #expect(policy.failureRate == nil && policy.consecutiveFailures == nil)
    #expect(policy.slowCall == .seconds(2) && policy.recovery == .zero)
    #expect(policy.mode == .shadow)
  }

  @Test func metadataIsInTheOrderOfNames() throws {
    let configuration = try read(
      ", subset: { version: v2, a: 1 }",
      """
      u: { endpoints: [{ address: "127.0.0.1:1", zone: b, priority: 15, weight: 3,
                metadata: { version: v2, a: 1 } }] }
      """)
    let endpoint = configuration.upstreams[0].endpoints[0]
    #expect(endpoint.zone == "b" && endpoint.priority == 15 && endpoint.weight == 3)
    #expect(endpoint.metadata.map(\.name) == ["a", "version"])
    #expect(configuration.listeners[0].routes[0].subset == endpoint.metadata)
  }

  @Test func pairsOfBoundsMayBeEqual() throws {
    #expect(throws: Never.self) {
      _ = try route("retry: { backoff: { base: 9ms, max: 9ms } }")
      _ = try upstream("circuit_breaker: { open_for: 9s, open_for_max: 9s }")
      _ = try upstream("outlier_detection: { base_ejection: 9s, ejection_max: 9s }")
      _ = try upstream("adaptive_concurrency: { minimum: 9, maximum: 9 }")
    }
  }

  /// These names and shapes were promised; they stay valid for good.
  @Test func promisedShapesAreTaken() throws {
    let route = try route(
      """
      retry: { attempts: 2, on: [connect-failure, refused-stream, reset, 503],
                per_try_timeout: 2s }
      """)
    #expect(route.retry?.perTryTimeout == .seconds(2))
    #expect(route.retry?.conditions == [.connectFailure, .refusedStream, .reset, .status(503)])
    let upstream = try upstream(
      """
      balancing: { policy: peak_ewma },
          health_check: { path: /health, interval: 10s, timeout: 1s, healthy: 2, unhealthy: 3 },
          circuit_breaker: { failure_rate: 50%, slow_call: 2s, slow_call_rate: 80%, window: 10s,
            minimum_calls: 20, consecutive_failures: 5, open_for: 5s, half_open_calls: 3 },
          endpoint_circuit_breaker: { consecutive_failures: 5 },
          retry_budget: { ratio: 20%, minimum: 3 },
          outlier_detection: { consecutive_5xx: 5, base_ejection: 30s, max_ejected: 50% }
      """)
    #expect(upstream.balancing.settings.policy == .peakEwma)
    #expect(upstream.healthCheck?.path == "/health")
    #expect(upstream.circuitBreaker?.policy.slowCall == .seconds(2))
    #expect(upstream.endpointCircuitBreaker?.policy.failureRate == .percent(50))
  }

  /// gRPC's `doc/statuscodes.md`.
  @Test func gRPCStatusesHaveTheirCodes() {
    #expect(GRPCStatus.allCases.count == 17)
    let codes: [(GRPCStatus, Int)] = [
      (.ok, 0), (.cancelled, 1), (.unknown, 2), (.deadlineExceeded, 4), (.resourceExhausted, 8),
      (.internal, 13), (.unavailable, 14), (.dataLoss, 15), (.unauthenticated, 16),
    ]
    for (status, code) in codes { #expect(Int(status.rawValue) == code) }
  }
}
