import DataPath
import Discovery
import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

extension UpstreamReport {
  init(_ view: UpstreamView, now: Instant) {
    name = view.name
    self.now = now
    endpoints = view.endpoints.map { counts in
      var endpoint = Endpoint(counts: counts)
      endpoint.p50 = counts.tally.latency(at: .percent(50), now: now)
      endpoint.p99 = counts.tally.latency(at: .percent(99), now: now)
      return endpoint
    }
    for endpoint in view.endpoints { tally.add(endpoint.tally, now: now) }
  }

  /// Adds what the workers share.
  mutating func fill(_ state: UpstreamState) {
    isPanicking = state.availability.isPanicking
    breaker = state.breaker?.figures(now: now)
    limits = ResourceLimits.Resource.allCases.map {
      Limit(name: "\($0)", used: state.limits.used($0), most: state.limits.most($0))
    }
    adaptive = state.limiter.map {
      Adaptive(
        limit: $0.limit, inFlight: $0.inFlight,
        unqueuedNanoseconds: $0.unqueuedLatency.nanosecondsClamped)
    }
    let (requests, retries) = state.budget.inFlight
    let share = requests * Int(state.budget.ratio.basisPoints) / 10_000
    budget = Budget(
      requests: requests, retries: retries, retriesMax: max(state.budget.minimum, share))
    shadows = ShadowPolicy.allCases.map { ($0, state.ledger.count($0)) }
      .filter { $0.count > 0 || state.shadows.contains($0.policy) }
    isOutlierShadow = state.shadows.contains(.outlierDetection)
    let states = Dictionary(state.endpoints.map { ($0.identity, $0) }) { first, _ in first }
    for index in endpoints.indices {
      guard let shared = states[endpoints[index].counts.address] else { continue }
      let figures = shared.breaker?.figures(now: now)
      endpoints[index].breaker = figures
      endpoints[index].condition = EndpointCondition(shared, figures?.state)
      endpoints[index].isHealthy = shared.isHealthy
      if let slot = shared.slot, let ejection = state.detector?.ejection(slot) {
        endpoints[index].ejection = (
          ejection.cause, max(ejection.until.nanoseconds(since: now), 0)
        )
      }
    }
  }

  /// Adds what is configured, and what checks have found. `causes`: by address.
  mutating func fill(
    _ settings: UpstreamConfiguration, _ answer: EndpointResolution.Answer?,
    causes: [String: String]
  ) {
    unresolved = answer?.failedNames ?? []
    let found = Dictionary((answer?.endpoints ?? []).map { ("\($0.address)", $0) }) { first, _ in
      first
    }
    for index in endpoints.indices {
      let address = endpoints[index].counts.address
      if settings.healthCheck == nil { endpoints[index].isHealthy = nil }
      endpoints[index].healthCause = causes[address]
      guard let endpoint = found[address] else { continue }
      let entry = settings.endpoints[endpoint.entry]
      endpoints[index].weight = Int(endpoint.weight)
      endpoints[index].zone = entry.zone
      endpoints[index].priority = entry.priority
    }
  }
}
