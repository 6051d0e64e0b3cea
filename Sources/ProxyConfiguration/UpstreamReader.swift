import Primitives
import Resilience
import Upstreams

/// Reads an upstream and checks what the schema cannot: a policy's key, and pairs of bounds.
enum UpstreamReader {
  static func read(
    _ name: String, _ section: Section, _ checker: inout SchemaChecker
  ) -> UpstreamConfiguration {
    let limits = section.section("limits")
    let timeouts = section.section("timeouts")
    let budget = section.section("retry_budget")
    return UpstreamConfiguration(
      name: name, endpoints: section.list("endpoints").compactMap(endpoint),
      balancing: balancing(section.section("balancing"), &checker),
      healthCheck: healthCheck(section, &checker),
      circuitBreaker: BreakerReader.read(section, "circuit_breaker", &checker),
      endpointCircuitBreaker: BreakerReader.read(section, "endpoint_circuit_breaker", &checker),
      retryBudget: RetryBudgetSettings(
        ratio: budget.share("ratio") ?? .zero, retriesMin: budget.integer("minimum") ?? 0),
      outlierDetection: OutlierReader.read(section, &checker),
      adaptiveConcurrency: adaptive(section, &checker),
      outlierMode: PolicyMode(section.section("outlier_detection")),
      adaptiveMode: PolicyMode(section.section("adaptive_concurrency")),
      sheddingMode: PolicyMode(section.section("shedding")), limitsMode: PolicyMode(limits),
      connectionsMax: limits.integer("connections") ?? 0,
      pendingMax: limits.integer("pending") ?? 0, requestsMax: limits.integer("requests") ?? 0,
      idleConnectionsMax: limits.integer("idle_connections") ?? 0,
      responseHeadBytesMax: limits.quantity("response_head") ?? 0,
      responseFieldsMax: limits.integer("fields") ?? 0,
      pendingTarget: limits.duration("pending_target"),
      pendingInterval: limits.duration("pending_interval") ?? .zero,
      connectTimeout: timeouts.duration("connect") ?? .zero,
      pendingTimeout: timeouts.duration("pending") ?? .zero,
      poolIdle: timeouts.duration("pool_idle") ?? .zero,
      poolAge: timeouts.duration("pool_age"),
      streamIdleTimeout: timeouts.duration("stream_idle") ?? .zero,
      resolveInterval: section.duration("resolve_interval") ?? .zero,
      applicationProtocol: applicationProtocol(section, &checker))
  }

  private static func applicationProtocol(
    _ section: Section, _ checker: inout SchemaChecker
  ) -> UpstreamProtocol {
    let spoken = section.text("protocol").flatMap { UpstreamProtocol(rawValue: $0) } ?? .auto
    let check = section.section("health_check")
    checker.hold(
      spoken != .http2 && spoken != .tcp || !check.has("path"), check, "path",
      "a check by path is asked in HTTP/1.1, which an upstream with protocol: \(spoken.rawValue) does not speak; leave path out, so that a connection is enough\(spoken == .http2 ? ", or set protocol: auto" : "")"
    )
    let hash = section.section("balancing").section("hash_on")
    for key in ["header", "cookie", "path"] {
      checker.hold(
        spoken != .tcp || !hash.has(key), hash, key,
        "a connection of TCP has no \(key); hash_on source or identity")
    }
    return spoken
  }

  private static func endpoint(_ located: Section.Located) -> UpstreamConfiguration.Endpoint? {
    switch located.value {
    case .text(let address):
      .init(address: address, weight: 1, zone: nil, priority: 0, metadata: [])
    case .section(let section):
      section.text("address").map {
        .init(
          address: $0, weight: section.integer("weight") ?? 1, zone: section.text("zone"),
          priority: section.integer("priority") ?? 0, metadata: section.pairs("metadata"))
      }
    default: nil
    }
  }

  // MARK: Balancing

  private static func balancing(
    _ section: Section, _ checker: inout SchemaChecker
  ) -> BalancingConfiguration {
    let policy = section.text("policy").flatMap { BalancingPolicy(rawValue: $0) } ?? .roundRobin
    let settings = BalancingSettings(
      policy: policy, slowStart: section.duration("slow_start"),
      panicThreshold: section.share("panic_threshold") ?? .zero,
      zoneEndpointsMin: section.integer("zone_minimum_endpoints") ?? 0,
      boundedLoadPercent: section.quantity("bounded_load").map { $0 / 100 },
      ringPointsMin: section.integer("ring_size") ?? 0)
    if policy.isHashed {
      checker.hold(
        section.has("hash_on"), section, "policy",
        "\(policy.rawValue) needs hash_on beside it, such as hash_on: { header: x-user }")
    }
    refuseUnused(policy, section, &checker)
    return BalancingConfiguration(settings: settings, hashOn: hashSource(section, &checker))
  }

  /// A key that does nothing with the policy is a mistake; `off` says just that.
  private static func refuseUnused(
    _ policy: BalancingPolicy, _ section: Section, _ checker: inout SchemaChecker
  ) {
    for key in section.keys where section.has(key.name) && !section.isUsed(key) {
      guard !section.isOff(key.name), case .when(_, let users) = key.use else { continue }
      let others = users.dropLast().joined(separator: ", ")
      let by = users.count == 1 ? users[0] : "\(others) and \(users[users.count - 1])"
      checker.report(
        section.mark(key.name),
        "\(key.name) is for \(by), not \(policy.rawValue); remove it or change policy")
    }
  }

  private static func hashSource(
    _ balancing: Section, _ checker: inout SchemaChecker
  ) -> BalancingConfiguration.HashSource? {
    guard balancing.has("hash_on") else { return nil }
    let section = balancing.section("hash_on")
    let given = ["header", "cookie", "source", "identity", "path"].filter(section.has)
    guard given.count == 1 else {
      checker.report(section.mark, "hash_on needs one of header, cookie, source, identity and path")
      return nil
    }
    switch given[0] {
    case "header", "cookie":
      let name = section.text(given[0]) ?? ""
      checker.hold(
        FieldChecker.isToken(name), section, given[0],
        "\"\(name)\" is not a name; it may hold no space or colon")
      return given[0] == "header" ? .header(name.lowercased()) : .cookie(name)
    default:
      checker.hold(
        section.boolean(given[0]), section, given[0],
        "hash_on hashes nothing; write \(given[0]): true")
      switch given[0] {
      case "source": return .source
      case "identity": return .identity
      default: return .path
      }
    }
  }

  // MARK: Health and the adaptive limit

  private static func healthCheck(
    _ upstream: Section, _ checker: inout SchemaChecker
  ) -> HealthCheckConfiguration? {
    guard upstream.has("health_check") else { return nil }
    let section = upstream.section("health_check")
    let path = section.text("path")
    if let path {
      checker.hold(
        path.hasPrefix("/") && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, section, "path",
        "health_check.path must be a path that begins with /, not \"\(path)\"")
    } else {
      for key in ["host", "statuses"] {
        checker.hold(
          !section.has(key), section, key,
          "\(key) is for a check over HTTP; give health_check a path, or remove it")
      }
    }
    if let host = section.text("host") {
      checker.hold(
        !host.isEmpty && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, section, "host",
        "health_check.host must be a host and perhaps a port")
    }
    return HealthCheckConfiguration(
      policy: HealthCheckPolicy(
        interval: section.duration("interval") ?? .zero, jitter: section.share("jitter") ?? .zero,
        timeout: section.duration("timeout") ?? .zero, healthy: section.integer("healthy") ?? 1,
        unhealthy: section.integer("unhealthy") ?? 1),
      path: path, port: section.integer("port"), host: section.text("host"),
      statuses: section.statuses("statuses"))
  }

  private static func adaptive(
    _ upstream: Section, _ checker: inout SchemaChecker
  ) -> ConcurrencyPolicy? {
    guard upstream.has("adaptive_concurrency") else { return nil }
    let section = upstream.section("adaptive_concurrency")
    let minimum = section.integer("minimum") ?? 0
    let maximum = section.integer("maximum") ?? 0
    let given = section.has("minimum") ? "minimum" : "maximum"
    checker.hold(
      minimum <= maximum, section, given,
      "adaptive_concurrency.minimum is above its maximum; change one")
    return ConcurrencyPolicy(
      minimum: minimum, maximum: maximum, buffer: section.share("buffer") ?? .zero,
      interval: section.duration("interval") ?? .zero)
  }
}
