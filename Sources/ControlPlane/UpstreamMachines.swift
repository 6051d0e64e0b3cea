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
  private final class Known {
    var state: EndpointState
    /// `BalancerEndpoint.key` of its address.
    let key: UInt64
    /// Nil: it was there from the start.
    let joinedAt: Instant?
    /// The last list that it stood in.
    var list = 0

    init(_ state: EndpointState, joinedAt: Instant?, list: Int) {
      self.state = state
      key = BalancerEndpoint(state.identity).key
      self.joinedAt = joinedAt
      self.list = list
    }
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
  private var lists = 0
  /// Those of the last list, in its order.
  private var members: [Known] = []
  /// By address, whose text is made once.
  private var known: [SocketAddress: Known] = [:]
  /// Rises when endpoints that stay are given other states.
  private var generation: UInt64 = 1
  private var table: BalancerTable?
  /// `known`'s keys in the order of `UpstreamState.comparison`.
  private var comparedKeys: [UInt64] = []
  private var tableSettings = BalancingSettings()
  private var lastSelectors: [[String]] = []
  private(set) var current: UpstreamState?

  init(_ settings: UpstreamConfiguration, now: Instant) {
    name = settings.name
    self.settings = settings
    limits = ResourceLimits(
      connectionsMax: settings.connectionsMax, pendingMax: settings.pendingMax,
      requestsMax: settings.requestsMax)
    budget = Self.budget(settings)
    limiter = settings.adaptiveConcurrency.map { ConcurrencyLimiter(policy: $0) }
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
    lists += 1
    // Each is looked up once: of ten thousand that costs more than all the rest.
    let staying = endpoints.map { endpoint in
      let entry = known[endpoint.address]
      entry?.list = lists
      return entry
    }
    leave(&succession)
    members = zip(endpoints, staying).map { endpoint, entry in
      if let entry { return entry }
      let identity = "\(endpoint.address)"
      let state = EndpointState(
        identity: identity,
        breaker: succession.breaker(
          after: nil, nil, by: fresh.endpointCircuitBreaker, .endpoint, upstream: name,
          subject: identity),
        membership: detector.map { OutlierMembership(in: $0) })
      let made = Known(state, joinedAt: isFirst ? nil : now, list: lists)
      known[endpoint.address] = made
      return made
    }
    let state = UpstreamState(
      name: name, limits: limits, budget: budget, breaker: breaker,
      classifier: fresh.classifier, endpointClassifier: fresh.endpointClassifier,
      limiter: limiter, detector: detector,
      comparison: comparison(fresh, members.map(\.key)),
      availability: availability, shadows: ShadowPolicies(fresh), ledger: ledger,
      endpoints: members.map(\.state), generation: generation)
    current = state
    availability.changed()
    return state
  }

  /// What was learned of those that stay goes with them.
  private func comparison(
    _ fresh: UpstreamConfiguration, _ keys: [UInt64]
  ) -> PeerComparison? {
    guard keys.count > 1, fresh.outlierDetection != nil || fresh.endpointCircuitBreaker != nil
    else { return nil }
    let keysBefore = comparedKeys
    comparedKeys = keys
    guard let known = current?.comparison else {
      return PeerComparison(endpointCount: keys.count)
    }
    return known.following(EndpointDifference(of: keys, from: keysBefore).origins)
  }

  /// The keys that subsets are made by: those that are wanted now, and those from before.
  func selectors(_ wanted: [[String]]) -> [[String]] {
    let before = lastSelectors
    lastSelectors = wanted
    return wanted + before.filter { !wanted.contains($0) }
  }

  /// Cost: linear, for what people ask.
  func endpoint(_ identity: String) -> EndpointState? {
    known.values.first { $0.state.identity == identity }?.state
  }

  /// What balancers know an endpoint of the last list by, and since when it is there; nil: from the start.
  func membership(_ place: Int) -> (key: UInt64, joinedAt: Instant?) {
    (members[place].key, members[place].joinedAt)
  }

  /// What all workers' balancers know of `endpoints`: that of before, where nothing has changed.
  func table(_ endpoints: [BalancerEndpoint], _ balancing: BalancingSettings) -> BalancerTable {
    if let table, balancing == tableSettings, table.endpoints == endpoints { return table }
    let made = BalancerTable(
      endpoints, balancing, after: table, number: (table?.number ?? 0) + 1)
    table = made
    tableSettings = balancing
    return made
  }

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
      limiter = fresh.adaptiveConcurrency.map { ConcurrencyLimiter(policy: $0) }
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
      note(detector.adopt(changed, now: succession.now), &succession)
    } else {
      for identity in known.values.filter(\.state.isEjected).map(\.state.identity).sorted() {
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
    generation += 1
    for entry in known.values.sorted(by: { $0.state.identity < $1.state.identity }) {
      let state = renewed(entry.state)
      guard state !== entry.state else { continue }
      _ = state.set(isHealthy: entry.state.isHealthy)
      state.set(isReachable: entry.state.isReachable)
      entry.state = state
    }
  }

  /// Those go that do not stand in the list that is being taken over.
  private func leave(_ succession: inout BreakerSuccession) {
    var leaving: [(key: SocketAddress, value: Known)] = []
    for entry in known where entry.value.list != lists { leaving.append(entry) }
    for (address, entry) in leaving.sorted(by: { $0.value.state.identity < $1.value.state.identity }
    ) {
      if let detector, let slot = entry.state.slot {
        note(detector.leave(slot, now: succession.now), &succession)
      }
      known[address] = nil
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
      OutlierDetector($0, seed: .random(in: .min ... .max), now: now)
    }
  }
}
