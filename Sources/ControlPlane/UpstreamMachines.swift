import DataPath
import Discovery
import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

/// The machines of one upstream, which outlive snapshots: each is kept while its policy is equal;
/// breakers and the detector go on by a policy that has changed, the others are begun anew
/// (design §3).
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
  private let ledger = ShadowLedger()
  private var settings: UpstreamConfiguration
  private var budget: RetryBudget
  private var breaker: CircuitBreaker?
  private var limiter: ConcurrencyLimiter?
  private var detector: OutlierDetector?
  private var known: [String: Known] = [:]
  private var lastSelectors: [[String]] = []
  private(set) var current: UpstreamState?

  init(_ settings: UpstreamConfiguration, now: Instant) {
    name = settings.name
    self.settings = settings
    limits = ResourceLimits(
      connectionsMax: settings.connectionsMax, pendingMax: settings.pendingMax,
      requestsMax: settings.requestsMax)
    budget = Self.budget(settings)
    limiter = settings.adaptiveConcurrency.map {
      ConcurrencyLimiter(policy: ConcurrencyPolicy($0))
    }
    detector = Self.detector(settings, now)
    if let detector { availability.look(at: detector.nextChange) }
  }

  /// What workers share from now on.
  func state(
    for fresh: UpstreamConfiguration, _ endpoints: [EndpointResolution.Endpoint],
    _ succession: inout BreakerSuccession
  ) -> UpstreamState {
    let isFirst = current == nil
    let now = succession.now
    adopt(fresh, &succession)
    leave(endpoints, &succession)
    var states: [EndpointState] = []
    for endpoint in endpoints {
      let identity = "\(endpoint.address)"
      if let known = known[identity] {
        states.append(known.state)
        continue
      }
      let state = EndpointState(
        identity: identity,
        breaker: succession.breaker(
          after: nil, nil, by: fresh.endpointCircuitBreaker, .endpoint, upstream: name,
          subject: identity),
        membership: detector.map { OutlierMembership(in: $0) })
      known[identity] = Known(state: state, joinedAt: isFirst ? nil : now)
      states.append(state)
    }
    let state = UpstreamState(
      name: name, limits: limits, budget: budget, breaker: breaker,
      classifier: OutcomeClassifier(fresh.circuitBreaker),
      endpointClassifier: OutcomeClassifier(
        fresh.endpointCircuitBreaker ?? fresh.circuitBreaker),
      limiter: limiter, detector: detector, comparison: comparison(fresh, states),
      availability: availability, shadows: ShadowPolicies(fresh), ledger: ledger,
      endpoints: states)
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

  /// The keys that subsets are made by: those that are wanted now, and those from before.
  func selectors(_ wanted: [[String]]) -> [[String]] {
    let before = lastSelectors
    lastSelectors = wanted
    return wanted + before.filter { !wanted.contains($0) }
  }

  func endpoint(_ identity: String) -> EndpointState? { known[identity]?.state }
  func joinedAt(_ identity: String) -> Instant? { known[identity]?.joinedAt }

  private func adopt(
    _ fresh: UpstreamConfiguration, _ succession: inout BreakerSuccession
  ) {
    limits.set(.connections, most: fresh.connectionsMax)
    limits.set(.pending, most: fresh.pendingMax)
    limits.set(.requests, most: fresh.requestsMax)
    if fresh.retryBudget != settings.retryBudget { budget = Self.budget(fresh) }
    breaker = succession.breaker(
      after: breaker, settings.circuitBreaker, by: fresh.circuitBreaker, .upstream,
      upstream: name, subject: name)
    if fresh.adaptiveConcurrency != settings.adaptiveConcurrency {
      limiter = fresh.adaptiveConcurrency.map { ConcurrencyLimiter(policy: ConcurrencyPolicy($0)) }
    }
    adoptDetector(fresh, &succession)
    if fresh.endpointCircuitBreaker != settings.endpointCircuitBreaker {
      adoptEndpointBreakers(fresh, &succession)
    }
    settings = fresh
  }

  private func adoptDetector(
    _ fresh: UpstreamConfiguration, _ succession: inout BreakerSuccession
  ) {
    if fresh.outlierMode != settings.outlierMode { adoptOutlierMode(fresh.outlierMode) }
    guard fresh.outlierDetection != settings.outlierDetection else { return }
    if let detector, let changed = fresh.outlierDetection {
      note(detector.adopt(OutlierPolicy(changed), now: succession.now), &succession)
    } else {
      for identity in known.keys.sorted() where known[identity]?.state.isEjected == true {
        succession.add(
          .returned(
            upstream: name, endpoint: identity,
            cause: OutlierDetector.ReturnCause.membership.rawValue))
      }
      detector = Self.detector(fresh, succession.now)
      renewEndpoints { [detector] old in
        EndpointState(
          identity: old.identity, breaker: old.breaker,
          membership: detector.map { OutlierMembership(in: $0) })
      }
    }
    if let detector { availability.look(at: detector.nextChange) }
  }

  /// Who is ejected returns when the detector only watches, and leaves when it acts again.
  private func adoptOutlierMode(_ mode: PolicyMode) {
    guard let detector else { return }
    for entry in known.values {
      guard let slot = entry.state.slot, detector.isEjected(slot) else { continue }
      _ = entry.state.set(isEjected: mode == .enforced)
    }
    availability.changed()
  }

  private func adoptEndpointBreakers(
    _ fresh: UpstreamConfiguration, _ succession: inout BreakerSuccession
  ) {
    let (name, before) = (name, settings.endpointCircuitBreaker)
    renewEndpoints { old in
      let breaker = succession.breaker(
        after: old.breaker, before, by: fresh.endpointCircuitBreaker, .endpoint, upstream: name,
        subject: old.identity)
      return breaker === old.breaker ? old : old.with(breaker: breaker)
    }
    for entry in known.values {
      if let breaker = entry.state.breaker { availability.look(at: breaker.nextChange) }
    }
  }

  /// What is known of their health stays.
  private func renewEndpoints(_ renewed: (EndpointState) -> EndpointState) {
    for identity in known.keys.sorted() {
      guard let old = known[identity]?.state else { continue }
      let state = renewed(old)
      guard state !== old else { continue }
      _ = state.set(isHealthy: old.isHealthy)
      state.set(isReachable: old.isReachable)
      known[identity]?.state = state
    }
  }

  private func leave(
    _ endpoints: [EndpointResolution.Endpoint], _ succession: inout BreakerSuccession
  ) {
    let staying = Set(endpoints.map { "\($0.address)" })
    for identity in known.keys.sorted() where !staying.contains(identity) {
      if let detector, let slot = known[identity]?.state.slot {
        note(detector.leave(slot, now: succession.now), &succession)
      }
      known[identity] = nil
    }
  }

  private func note(
    _ changes: [OutlierDetector.Change], _ succession: inout BreakerSuccession
  ) {
    for change in changes {
      guard case .returned(let slot, let cause, _) = change,
        let state = known.values.first(where: { $0.state.slot == slot })?.state,
        state.set(isEjected: false)
      else { continue }
      succession.add(
        .returned(upstream: name, endpoint: state.identity, cause: cause.rawValue))
    }
  }

  private static func budget(_ settings: UpstreamConfiguration) -> RetryBudget {
    RetryBudget(ratio: settings.retryBudget.ratio, minimum: settings.retryBudget.retriesMin)
  }

  private static func detector(
    _ settings: UpstreamConfiguration, _ now: Instant
  ) -> OutlierDetector? {
    settings.outlierDetection.map {
      OutlierDetector(OutlierPolicy($0), seed: .random(in: .min ... .max), now: now)
    }
  }
}
