import Discovery
import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

/// The machines of one upstream, which outlive snapshots: each is kept while its policy is equal,
/// and begun anew when that has changed (design §3).
///
/// Confinement: the control queue; the machines themselves are shared by all.
final class UpstreamMachines {
  private struct Known {
    var state: EndpointState
    /// Nil: it was there from the start.
    var joinedAt: Instant?
  }

  private let name: String
  private let limits: ResourceLimits
  private let availability = Availability()
  private var settings: UpstreamConfiguration
  private var budget: RetryBudget
  private var breaker: CircuitBreaker?
  private var limiter: ConcurrencyLimiter?
  private var detector: OutlierDetector?
  private var known: [String: Known] = [:]
  private(set) var current: UpstreamState?

  init(_ settings: UpstreamConfiguration, now: Instant) {
    name = settings.name
    self.settings = settings
    limits = ResourceLimits(
      connectionsMax: settings.connectionsMax, pendingMax: settings.pendingMax,
      requestsMax: settings.requestsMax)
    budget = Self.budget(settings)
    breaker = Self.breaker(settings.circuitBreaker)
    limiter = settings.adaptiveConcurrency.map {
      ConcurrencyLimiter(policy: ConcurrencyPolicy($0))
    }
    detector = Self.detector(settings, now)
    if let detector { availability.look(at: detector.nextChange) }
  }

  /// What workers share from now on.
  func state(
    for fresh: UpstreamConfiguration, _ endpoints: [EndpointResolution.Endpoint], now: Instant
  ) -> UpstreamState {
    let isFirst = current == nil
    adopt(fresh, now)
    leave(endpoints, now)
    var states: [EndpointState] = []
    for endpoint in endpoints {
      let identity = "\(endpoint.address)"
      if let known = known[identity] {
        states.append(known.state)
        continue
      }
      let state = EndpointState(
        identity: identity, breaker: Self.breaker(fresh.endpointCircuitBreaker),
        slot: detector?.join())
      known[identity] = Known(state: state, joinedAt: isFirst ? nil : now)
      states.append(state)
    }
    let state = UpstreamState(
      name: name, limits: limits, budget: budget, breaker: breaker,
      classifier: OutcomeClassifier(fresh.circuitBreaker),
      endpointClassifier: OutcomeClassifier(
        fresh.endpointCircuitBreaker ?? fresh.circuitBreaker),
      limiter: limiter, detector: detector, comparison: comparison(fresh, states),
      availability: availability, endpoints: states)
    current = state
    availability.changed()
    return state
  }

  /// What was learned is kept while the endpoints are the same, by their places.
  private func comparison(
    _ fresh: UpstreamConfiguration, _ states: [EndpointState]
  ) -> PeerComparison? {
    guard states.count > 1, fresh.outlierDetection != nil || fresh.endpointCircuitBreaker != nil
    else { return nil }
    if let known = current?.comparison,
      current?.endpoints.map(\.identity) == states.map(\.identity)
    {
      return known
    }
    return PeerComparison(endpointCount: states.count)
  }

  func joinedAt(_ identity: String) -> Instant? { known[identity]?.joinedAt }

  private func adopt(_ fresh: UpstreamConfiguration, _ now: Instant) {
    limits.set(.connections, most: fresh.connectionsMax)
    limits.set(.pending, most: fresh.pendingMax)
    limits.set(.requests, most: fresh.requestsMax)
    if fresh.retryBudget != settings.retryBudget { budget = Self.budget(fresh) }
    if fresh.circuitBreaker != settings.circuitBreaker {
      breaker = Self.breaker(fresh.circuitBreaker)
    }
    if fresh.adaptiveConcurrency != settings.adaptiveConcurrency {
      limiter = fresh.adaptiveConcurrency.map { ConcurrencyLimiter(policy: ConcurrencyPolicy($0)) }
    }
    let keepsDetector = fresh.outlierDetection == settings.outlierDetection
    if !keepsDetector {
      detector = Self.detector(fresh, now)
      if let detector { availability.look(at: detector.nextChange) }
    }
    let keepsBreakers = fresh.endpointCircuitBreaker == settings.endpointCircuitBreaker
    if !keepsDetector || !keepsBreakers {
      renewEndpoints(fresh, keepsDetector, keepsBreakers)
    }
    settings = fresh
  }

  /// Endpoints are given new breakers, or slots of a new detector; what is known of their health
  /// stays.
  private func renewEndpoints(
    _ fresh: UpstreamConfiguration, _ keepsDetector: Bool, _ keepsBreakers: Bool
  ) {
    for identity in known.keys.sorted() {
      guard let old = known[identity]?.state else { continue }
      let state = EndpointState(
        identity: identity,
        breaker: keepsBreakers ? old.breaker : Self.breaker(fresh.endpointCircuitBreaker),
        slot: keepsDetector ? old.slot : detector?.join())
      _ = state.set(isHealthy: old.isHealthy)
      if keepsDetector { _ = state.set(isEjected: old.isEjected) }
      known[identity]?.state = state
    }
  }

  private func leave(_ endpoints: [EndpointResolution.Endpoint], _ now: Instant) {
    let staying = Set(endpoints.map { "\($0.address)" })
    for identity in known.keys.sorted() where !staying.contains(identity) {
      if let detector, let slot = known[identity]?.state.slot {
        for change in detector.leave(slot, now: now) {
          guard case .returned(let slot, _, _) = change else { continue }
          _ = known.values.first { $0.state.slot == slot }?.state.set(isEjected: false)
        }
      }
      known[identity] = nil
    }
  }

  private static func budget(_ settings: UpstreamConfiguration) -> RetryBudget {
    RetryBudget(ratio: settings.retryBudget.ratio, minimum: settings.retryBudget.retriesMin)
  }

  private static func breaker(_ settings: BreakerSettings?) -> CircuitBreaker? {
    settings.map {
      CircuitBreaker(CircuitBreakerPolicy($0), seed: .random(in: .min ... .max))
    }
  }

  private static func detector(
    _ settings: UpstreamConfiguration, _ now: Instant
  ) -> OutlierDetector? {
    settings.outlierDetection.map {
      OutlierDetector(OutlierPolicy($0), seed: .random(in: .min ... .max), now: now)
    }
  }
}
