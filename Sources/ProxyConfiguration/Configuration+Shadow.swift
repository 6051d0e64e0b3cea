import Resilience

extension Configuration {
  /// The keys of all policies that are in shadow, in the order of the file: they refuse nothing yet.
  package var shadowed: [String] {
    listeners.flatMap { listener in
      (listener.authorization?.mode == .shadow ? ["listeners.\(listener.name).authorize"] : [])
        + listener.routes.flatMap { route in
          Self.shadowed(route).map { "listeners.\(listener.name).routes.\(route.name).\($0)" }
        }
    }
      + upstreams.flatMap { upstream in
        Self.shadowed(upstream).map { "upstreams.\(upstream.name).\($0)" }
      }
  }

  private static func shadowed(_ route: RouteConfiguration) -> [String] {
    var keys: [String] = []
    if route.authorization?.mode == .shadow { keys.append("authorize") }
    for (place, limit) in route.rateLimits.enumerated() where limit.mode == .shadow {
      keys.append(route.rateLimits.count == 1 ? "rate_limit" : "rate_limit[\(place)]")
    }
    if route.circuitBreaker?.policy.mode == .shadow { keys.append("circuit_breaker") }
    return keys
  }

  private static func shadowed(_ upstream: UpstreamConfiguration) -> [String] {
    let all: [(key: String, isShadow: Bool)] = [
      ("circuit_breaker", upstream.circuitBreaker?.policy.mode == .shadow),
      ("endpoint_circuit_breaker", upstream.endpointCircuitBreaker?.policy.mode == .shadow),
      ("outlier_detection", upstream.outlierMode == .shadow),
      ("adaptive_concurrency", upstream.adaptiveMode == .shadow),
      ("shedding", upstream.sheddingMode == .shadow),
      ("limits", upstream.limitsMode == .shadow),
    ]
    return all.filter(\.isShadow).map(\.key)
  }
}
