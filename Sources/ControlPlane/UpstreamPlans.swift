import DataPath
import Discovery
import HTTP1
import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

/// The plans of all upstreams of one configuration: endpoints with what balancing goes by.
struct UpstreamPlans {
  private let configuration: Configuration
  private let answers: [String: EndpointResolution.Answer]
  /// Zones by name, each with its number.
  private let zones: [String: UInt8]
  /// Of upstreams that routes pick subsets of.
  private var tables: [String: SubsetTable] = [:]

  init(_ configuration: Configuration, _ answers: [String: EndpointResolution.Answer]) {
    self.configuration = configuration
    self.answers = answers
    var zones: [String: UInt8] = [:]
    let names = configuration.upstreams.flatMap { $0.endpoints.compactMap(\.zone) }
    for name in [configuration.zone].compactMap(\.self) + names where zones[name] == nil {
      guard zones.count < Int(UInt8.max) else { break }
      zones[name] = UInt8(zones.count)
    }
    self.zones = zones
    for upstream in configuration.upstreams { tables[upstream.name] = subsets(of: upstream) }
  }

  /// `state`: makes or keeps what an upstream's workers share.
  func build(
    state: (UpstreamConfiguration, [EndpointResolution.Endpoint])
      -> (UpstreamState, UpstreamMachines)
  ) -> [UpstreamPlan] {
    configuration.upstreams.map { upstream in
      let answer = answers[upstream.name]
      let found = answer?.endpoints ?? []
      let (shared, machines) = state(upstream, found)
      let endpoints = found.enumerated().map { index, endpoint in
        UpstreamPlan.Endpoint(
          address: endpoint.address, traits: traits(endpoint, index, upstream, machines))
      }
      let plan = UpstreamPlan(name: upstream.name, endpoints: endpoints, state: shared)
      fill(plan, upstream)
      plan.isUnresolved = answer?.failedNames.isEmpty == false
      return plan
    }
  }

  /// The subset that a route picks of an upstream; one that no endpoint is in where there is none.
  func subset(_ route: RouteConfiguration, of upstream: String) -> Int? {
    guard let table = tables[upstream] else { return nil }
    return table.id(of: route.subset.map { .init(key: $0.name, value: $0.value) }) ?? table.count
  }

  private func fill(_ plan: UpstreamPlan, _ upstream: UpstreamConfiguration) {
    plan.balancing = Upstreams.BalancingSettings(
      upstream.balancing, ownZone: configuration.zone.flatMap { zones[$0] })
    if plan.balancing.policy.isHashed {
      plan.placement = HashPlacement(plan.balancing, plan.endpoints.map(\.balanced))
      plan.hashKey = upstream.balancing.hashOn.map { RequestKey($0) }
    }
    plan.queuePolicy = upstream.pendingTarget.map {
      QueuePolicy(target: $0, interval: upstream.pendingInterval)
    }
    plan.hedgePercentile = hedgePercentile(of: upstream.name)
    plan.pool = PoolPolicy(
      idle: upstream.poolIdle, ageMax: upstream.poolAge, idleMax: upstream.idleConnectionsMax)
    plan.headLimits = HeadLimits(
      headBytesMax: upstream.responseHeadBytesMax, fieldsMax: upstream.responseFieldsMax)
    plan.connectNanoseconds = upstream.connectTimeout.nanosecondsClamped
    plan.pendingNanoseconds = upstream.pendingTimeout.nanosecondsClamped
    plan.streamIdleNanoseconds = upstream.streamIdleTimeout.nanosecondsClamped
  }

  private func traits(
    _ endpoint: EndpointResolution.Endpoint, _ index: Int, _ upstream: UpstreamConfiguration,
    _ machines: UpstreamMachines
  ) -> EndpointTraits {
    let entry = upstream.endpoints[endpoint.entry]
    return EndpointTraits(
      weight: endpoint.weight, zone: entry.zone.flatMap { zones[$0] },
      priority: UInt8(clamping: entry.priority),
      subsets: tables[upstream.name]?.memberships[index] ?? [],
      joinedAt: machines.joinedAt("\(endpoint.address)"))
  }

  private func subsets(of upstream: UpstreamConfiguration) -> SubsetTable? {
    var selectors: [[String]] = []
    for listener in configuration.listeners {
      for route in listener.routes where route.upstreams.contains(upstream.name) {
        let keys = route.subset.map(\.name)
        if !keys.isEmpty, !selectors.contains(keys) { selectors.append(keys) }
      }
    }
    guard !selectors.isEmpty else { return nil }
    let metadata = (answers[upstream.name]?.endpoints ?? []).map { endpoint in
      upstream.endpoints[endpoint.entry].metadata.map {
        SubsetTable.Pair(key: $0.name, value: $0.value)
      }
    }
    return SubsetTable(selectors: selectors, metadata: metadata)
  }

  /// The least that a route's hedges wait for: one digest serves them all.
  private func hedgePercentile(of upstream: String) -> Share {
    let wanted = configuration.listeners.flatMap { listener in
      listener.routes.filter { $0.upstreams.contains(upstream) }.compactMap { $0.hedge?.percentile }
    }
    return wanted.min() ?? .percent(95)
  }
}
