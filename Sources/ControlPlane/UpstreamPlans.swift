import DataPath
import Discovery
import HTTP1
import HTTPModel
import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

/// The plans of the upstreams of one configuration: endpoints with what balancing goes by.
///
/// Cost: linear in routes and endpoints.
struct UpstreamPlans {
  /// What routes want of an upstream.
  private struct Wish {
    /// The keys of their subsets.
    var selectors: [[String]] = []
    var knownSelectors: Set<[String]> = []
    /// The least that a route's hedges wait for: one digest serves them all.
    var hedgePercentile: Share?
  }

  private let configuration: Configuration
  private let answers: [String: EndpointResolution.Answer]
  /// Zones by name, each with its number.
  private let zones: [String: UInt8]
  private var wishes: [String: Wish] = [:]

  init(_ configuration: Configuration, _ answers: [String: EndpointResolution.Answer]) {
    self.configuration = configuration
    self.answers = answers
    zones = Self.zones(configuration)
    for listener in configuration.listeners {
      for route in listener.routes { wish(of: route) }
    }
  }

  private static func zones(_ configuration: Configuration) -> [String: UInt8] {
    var zones: [String: UInt8] = [:]
    let names = configuration.upstreams.lazy.flatMap { $0.endpoints.compactMap(\.zone) }
    for name in [configuration.zone].compactMap(\.self) + names where zones[name] == nil {
      guard zones.count < Int(UInt8.max) else { break }
      zones[name] = UInt8(zones.count)
    }
    return zones
  }

  private mutating func wish(of route: RouteConfiguration) {
    guard !route.subset.isEmpty || route.hedge != nil else { return }
    let keys = route.subset.map(\.name)
    for name in route.upstreams {
      var wish = wishes[name] ?? Wish()
      if !keys.isEmpty, wish.knownSelectors.insert(keys).inserted { wish.selectors.append(keys) }
      if let percentile = route.hedge?.percentile {
        wish.hedgePercentile = min(wish.hedgePercentile ?? percentile, percentile)
      }
      wishes[name] = wish
    }
  }

  /// The plan of `upstream`; `shared`: what its workers share by now.
  func plan(
    of upstream: UpstreamConfiguration, _ shared: UpstreamState, _ machines: UpstreamMachines
  ) -> UpstreamPlan {
    let answer = answers[upstream.name]
    let subsets = self.subsets(of: upstream, machines)
    let endpoints = (answer?.endpoints ?? []).enumerated().map { index, endpoint in
      let known = machines.membership(index)
      return UpstreamPlan.Endpoint(
        address: endpoint.address,
        balanced: BalancerEndpoint(
          key: known.key,
          traits: traits(
            endpoint, subsets?.memberships[index] ?? [], upstream, joinedAt: known.joinedAt)),
        host: upstream.endpoints[endpoint.entry].host)
    }
    let plan = UpstreamPlan(name: upstream.name, endpoints: endpoints, state: shared)
    plan.subsets = subsets
    fill(plan, upstream)
    plan.table = machines.table(endpoints.map(\.balanced), plan.balancing)
    plan.isUnresolved = answer?.failedNames.isEmpty == false
    return plan
  }

  private func fill(_ plan: UpstreamPlan, _ upstream: UpstreamConfiguration) {
    plan.balancing = upstream.balancing.settings
    plan.balancing.ownZone = configuration.zone.flatMap { zones[$0] }
    if plan.balancing.policy.isHashed {
      plan.hashKey = upstream.balancing.hashOn.map { RequestKey($0) }
    }
    plan.queuePolicy = upstream.pendingTarget.map {
      QueuePolicy(target: $0, interval: upstream.pendingInterval)
    }
    plan.hedgePercentile = wishes[upstream.name]?.hedgePercentile ?? .percent(95)
    plan.pool = PoolPolicy(
      idle: upstream.poolIdle, ageMax: upstream.poolAge, idleMax: upstream.idleConnectionsMax)
    plan.headLimits = HeadLimits(
      headBytesMax: upstream.responseHeadBytesMax, fieldsMax: upstream.responseFieldsMax)
    plan.applicationProtocol = upstream.applicationProtocol
    plan.connectNanoseconds = upstream.connectTimeout.nanosecondsClamped
    plan.pendingNanoseconds = upstream.pendingTimeout.nanosecondsClamped
    plan.streamIdleNanoseconds = upstream.streamIdleTimeout.nanosecondsClamped
  }

  private func traits(
    _ endpoint: EndpointResolution.Endpoint, _ subsets: [UInt16],
    _ upstream: UpstreamConfiguration, joinedAt: Instant?
  ) -> EndpointTraits {
    let entry = upstream.endpoints[endpoint.entry]
    return EndpointTraits(
      weight: endpoint.weight, zone: entry.zone.flatMap { zones[$0] },
      priority: UInt8(clamping: entry.priority),
      subsets: subsets,
      joinedAt: joinedAt)
  }

  /// Routes of the configuration before may still ask by their keys: requests wait over a reload.
  private func subsets(
    of upstream: UpstreamConfiguration, _ machines: UpstreamMachines
  ) -> SubsetTable? {
    let wanted = wishes[upstream.name]?.selectors ?? []
    let selectors = machines.selectors(wanted)
    guard !selectors.isEmpty else { return nil }
    let metadata = (answers[upstream.name]?.endpoints ?? []).map { endpoint in
      upstream.endpoints[endpoint.entry].metadata.map {
        SubsetTable.Pair(key: $0.name, value: $0.value)
      }
    }
    return SubsetTable(selectors: selectors, metadata: metadata)
  }
}
