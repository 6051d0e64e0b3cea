import DataPath
import Primitives
import ProxyConfiguration
import Resilience
import Telemetry
import Upstreams

/// Gauges of what all workers share, read at a scrape: nobody has to keep them up to date.
///
/// Of a breaker each state is a series, 1 for the one it is in, as resilience4j's Micrometer metrics
/// have it: a graph needs no table of numbers. Families are bounded by the registry; series beyond
/// add up in its `overflow`. Confinement: the control queue. Cost: a look-up by text a series.
struct PolicyGauges {
  private let registry: MetricRegistry
  private let breakers: MetricFamily
  private let admitted: MetricFamily
  private let endpoints: MetricFamily
  private let panic: MetricFamily
  private let limit: MetricFamily
  private let inFlight: MetricFamily
  private let budget: MetricFamily

  init(_ registry: MetricRegistry) {
    self.registry = registry
    breakers = registry.family(
      "weir_circuit_breaker_state", .gauge, help: "1 for the state that a breaker is in, else 0.",
      labels: ["upstream", "scope", "subject", "state"])
    admitted = registry.family(
      "weir_circuit_breaker_admitted_ratio", .gauge,
      help:
        "The share of requests that a breaker lets through: below 1 while it recovers, else 1 or 0.",
      labels: ["upstream", "scope", "subject"])
    endpoints = registry.family(
      "weir_upstream_endpoints", .gauge, help: "Endpoints, by whether they may be picked.",
      labels: ["upstream", "state"])
    panic = registry.family(
      "weir_upstream_panic", .gauge,
      help: "1 while so few endpoints are available that all are asked, else 0.",
      labels: ["upstream"])
    limit = registry.family(
      "weir_concurrency_limit", .gauge, help: "The adaptive limit on requests in flight.",
      labels: ["upstream"])
    inFlight = registry.family(
      "weir_concurrency_in_flight", .gauge, help: "Requests that hold a place of that limit.",
      labels: ["upstream"])
    budget = registry.family(
      "weir_retry_budget_in_flight", .gauge,
      help: "Requests that a retry budget counts, and retries that it let through.",
      labels: ["upstream", "kind"])
  }

  /// The values now, in a shard of their own: a series whose upstream is gone reads 0.
  func scrape(
    _ configuration: Configuration, _ builder: SnapshotBuilder, now: Instant
  ) -> [UInt64] {
    var values: [(slot: Int, value: UInt64)] = []
    func note(_ family: MetricFamily, _ labels: [String], _ value: Int) {
      values.append((registry.series(family, labels), UInt64(max(value, 0))))
    }
    for known in builder.breakers(configuration) {
      let figures = known.breaker.figures(now: now)
      let labels = [known.upstreams.first ?? "none", known.scope.rawValue, known.subject]
      for each in CircuitBreaker.State.allCases {
        note(breakers, labels + [each.rawValue], each == figures.state ? 1 : 0)
      }
      note(admitted, labels, Int(figures.admittedShare.basisPoints) * 100_000)
    }
    for upstream in configuration.upstreams {
      guard let state = builder.state(of: upstream.name) else { continue }
      var counts: [EndpointCondition: Int] = [:]
      for endpoint in state.endpoints {
        counts[EndpointCondition(endpoint, endpoint.breaker?.state), default: 0] += 1
      }
      for condition in EndpointCondition.allCases {
        note(endpoints, [upstream.name, condition.rawValue], counts[condition] ?? 0)
      }
      note(panic, [upstream.name], state.availability.isPanicking ? 1 : 0)
      if let limiter = state.limiter {
        note(limit, [upstream.name], limiter.limit)
        note(inFlight, [upstream.name], limiter.inFlight)
      }
      let (requests, retries) = state.budget.inFlight
      note(budget, [upstream.name, "requests"], requests)
      note(budget, [upstream.name, "retries"], retries)
    }
    let shard = MetricShard()
    shard.reserve(registry.slotCount)
    for (slot, value) in values { shard.add(slot, value) }
    return shard.values
  }
}
