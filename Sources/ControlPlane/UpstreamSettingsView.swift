import ProxyConfiguration

/// An upstream as it was configured, in the file's keys.
enum UpstreamSettingsView {
  static func json(_ upstream: UpstreamConfiguration) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("endpoints", .list(upstream.endpoints.map(endpoint))),
      ("balancing", balancing(upstream.balancing)),
    ]
    if let check = upstream.healthCheck { members.append(("health_check", health(check))) }
    if let breaker = upstream.circuitBreaker {
      members.append(("circuit_breaker", BreakerView.json(breaker)))
    }
    if let breaker = upstream.endpointCircuitBreaker {
      members.append(("endpoint_circuit_breaker", BreakerView.json(breaker)))
    }
    let budget = upstream.retryBudget
    members.append(
      (
        "retry_budget",
        .object([
          ("ratio", ConfigurationView.share(budget.ratio)), ("minimum", .number(budget.retriesMin)),
        ])
      ))
    if let outliers = upstream.outlierDetection {
      members.append(("outlier_detection", OutlierView.json(outliers, upstream.outlierMode)))
    }
    if let adaptive = upstream.adaptiveConcurrency {
      members.append(("adaptive_concurrency", self.adaptive(adaptive, upstream.adaptiveMode)))
    }
    members += [
      ("shedding", .object([("mode", .text(upstream.sheddingMode.rawValue))])),
      ("limits", limits(upstream)), ("timeouts", timeouts(upstream)),
      ("resolve_interval", ConfigurationView.duration(upstream.resolveInterval)),
    ]
    return .object(members)
  }

  private static func endpoint(_ endpoint: UpstreamConfiguration.Endpoint) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("address", ConfigurationView.text(endpoint.address)), ("weight", .number(endpoint.weight)),
    ]
    if let zone = endpoint.zone { members.append(("zone", ConfigurationView.text(zone))) }
    members.append(("priority", .number(endpoint.priority)))
    if !endpoint.metadata.isEmpty {
      members.append(("metadata", ConfigurationView.fields(endpoint.metadata)))
    }
    return .object(members)
  }

  private static func balancing(_ balancing: BalancingConfiguration) -> JSONValue {
    var members: [(String, JSONValue)] = [("policy", .text(balancing.policy.rawValue))]
    if let source = balancing.hashOn {
      let member: (String, JSONValue) =
        switch source {
        case .header(let name): ("header", ConfigurationView.text(name))
        case .cookie(let name): ("cookie", ConfigurationView.text(name))
        case .source: ("source", .boolean(true))
        case .path: ("path", .boolean(true))
        }
      members.append(("hash_on", .object([member])))
    }
    members += [
      ("bounded_load", ConfigurationView.percentage(balancing.boundedLoadBasisPoints)),
      ("slow_start", ConfigurationView.duration(balancing.slowStart)),
      ("panic_threshold", ConfigurationView.share(balancing.panicThreshold)),
    ]
    // Keys that a policy has no use for are refused.
    if balancing.policy == .ringHash {
      members.append(("ring_size", .number(balancing.ringSize)))
    }
    if !balancing.policy.isHashing {
      members.append(("zone_minimum_endpoints", .number(balancing.zoneEndpointsMin)))
    }
    return .object(members)
  }

  private static func health(_ check: HealthCheckSettings) -> JSONValue {
    var members: [(String, JSONValue)] = []
    if let path = check.path { members.append(("path", ConfigurationView.text(path))) }
    members += [
      ("interval", ConfigurationView.duration(check.interval)),
      ("jitter", ConfigurationView.share(check.jitter)),
      ("timeout", ConfigurationView.duration(check.timeout)),
      ("healthy", .number(check.healthyThreshold)),
      ("unhealthy", .number(check.unhealthyThreshold)),
    ]
    if let port = check.port { members.append(("port", .number(port))) }
    if let host = check.host { members.append(("host", ConfigurationView.text(host))) }
    if check.path != nil {
      members.append(("statuses", ConfigurationView.statuses(check.statuses)))
    }
    return .object(members)
  }

  private static func adaptive(_ adaptive: AdaptiveSettings, _ mode: PolicyMode) -> JSONValue {
    .object([
      ("minimum", .number(adaptive.concurrencyMin)), ("maximum", .number(adaptive.concurrencyMax)),
      ("buffer", ConfigurationView.share(adaptive.buffer)),
      ("interval", ConfigurationView.duration(adaptive.interval)), ("mode", .text(mode.rawValue)),
    ])
  }

  private static func limits(_ upstream: UpstreamConfiguration) -> JSONValue {
    .object([
      ("connections", .number(upstream.connectionsMax)), ("pending", .number(upstream.pendingMax)),
      ("requests", .number(upstream.requestsMax)),
      ("idle_connections", .number(upstream.idleConnectionsMax)),
      ("response_head", .text(Scalars.text(bytes: upstream.responseHeadBytesMax))),
      ("fields", .number(upstream.responseFieldsMax)),
      ("pending_target", ConfigurationView.duration(upstream.pendingTarget)),
      ("pending_interval", ConfigurationView.duration(upstream.pendingInterval)),
      ("mode", .text(upstream.limitsMode.rawValue)),
    ])
  }

  private static func timeouts(_ upstream: UpstreamConfiguration) -> JSONValue {
    .object([
      ("connect", ConfigurationView.duration(upstream.connectTimeout)),
      ("pending", ConfigurationView.duration(upstream.pendingTimeout)),
      ("pool_idle", ConfigurationView.duration(upstream.poolIdle)),
      ("pool_age", ConfigurationView.duration(upstream.poolAge)),
      ("stream_idle", ConfigurationView.duration(upstream.streamIdleTimeout)),
    ])
  }
}
