import DataPath
import Discovery
import HTTP1
import Primitives
import ProxyConfiguration
import Routing
import Telemetry
import Upstreams

/// Builds what workers serve by: from a configuration and resolved endpoints, one snapshot a worker.
///
/// Confinement: the control queue. Limits are shared by all workers and survive snapshots.
final class SnapshotBuilder {
  let registry: MetricRegistry
  private var limits: [String: ResourceLimits] = [:]
  private var metrics: [String: UpstreamMetrics] = [:]
  private var number = 0

  init(registry: MetricRegistry) {
    self.registry = registry
  }

  func limits(of upstream: String) -> ResourceLimits? { limits[upstream] }

  /// One snapshot for each of `shards`. `answers`: endpoints by upstream.
  func build(
    _ configuration: Configuration, answers: [String: EndpointResolution.Answer],
    shards: [MetricShard]
  ) throws(RouteFault) -> [Snapshot] {
    number += 1
    let plans = configuration.upstreams.map { plan($0, answers[$0.name]) }
    let series = configuration.upstreams.map { metrics(of: $0.name) }
    let positions = Dictionary(
      uniqueKeysWithValues: configuration.upstreams.enumerated().map { ($1.name, $0) })
    var snapshots: [Snapshot] = []
    for shard in shards {
      var listeners: [ListenerSnapshot] = []
      for listener in configuration.listeners {
        listeners.append(try self.listener(listener, positions, shard))
      }
      snapshots.append(
        Snapshot(
          number: number, settings: ProxySettings(configuration), listeners: listeners,
          plans: plans, metrics: series))
    }
    return snapshots
  }

  private func metrics(of upstream: String) -> UpstreamMetrics {
    if let known = metrics[upstream] { return known }
    let made = UpstreamMetrics(registry, upstream: upstream)
    metrics[upstream] = made
    return made
  }

  private func plan(
    _ upstream: UpstreamConfiguration, _ answer: EndpointResolution.Answer?
  ) -> UpstreamPlan {
    let shared =
      limits[upstream.name]
      ?? ResourceLimits(
        connectionsMax: upstream.connectionsMax, pendingMax: upstream.pendingMax,
        requestsMax: upstream.requestsMax)
    limits[upstream.name] = shared
    shared.set(.connections, most: upstream.connectionsMax)
    shared.set(.pending, most: upstream.pendingMax)
    shared.set(.requests, most: upstream.requestsMax)
    let endpoints = (answer?.endpoints ?? []).map {
      UpstreamPlan.Endpoint(address: $0.address, weight: $0.weight)
    }
    let plan = UpstreamPlan(name: upstream.name, endpoints: endpoints, limits: shared)
    plan.policy = upstream.policy == .roundRobin ? .roundRobin : .leastRequest
    plan.pool = PoolPolicy(
      idle: upstream.poolIdle, ageMax: upstream.poolAge, idleMax: upstream.idleConnectionsMax)
    plan.connectNanoseconds = upstream.connectTimeout.nanosecondsClamped
    plan.pendingNanoseconds = upstream.pendingTimeout.nanosecondsClamped
    plan.streamIdleNanoseconds = upstream.streamIdleTimeout.nanosecondsClamped
    plan.isUnresolved = answer?.failedNames.isEmpty == false
    return plan
  }

  private func listener(
    _ listener: ListenerConfiguration, _ positions: [String: Int], _ shard: MetricShard
  ) throws(RouteFault) -> ListenerSnapshot {
    let table = try RouteTable(listener.routes.map(RouteMatch.init))
    let routes = listener.routes.map { route($0, of: listener.name, positions, shard) }
    let unrouted = RequestSeries(
      registry, shard, listener: listener.name, route: "none", upstream: "none")
    return ListenerSnapshot(
      settings: ListenerSettings(listener), table: table, routes: routes, unrouted: unrouted)
  }

  private func route(
    _ route: RouteConfiguration, of listener: String, _ positions: [String: Int],
    _ shard: MetricShard
  ) -> Route {
    var names = ["none"]
    let action: Route.Action
    switch route.action {
    case .forward(let name):
      names = [name]
      action = .forward
    case .split(let shares):
      names = shares.map(\.upstream)
      action = .split(WeightedSplit(weights: shares.map { UInt32($0.weight) }))
    case .redirect(let scheme, let host, let path, let status):
      action = .redirect(
        Redirect(scheme: scheme, host: host, path: path, status: UInt16(status)))
    case .respond(let status, let body, let contentType):
      action = .respond(
        DirectResponse(
          status: UInt16(status), body: Array(body.utf8), contentType: contentType))
    }
    return Route(
      name: route.name, action: action, upstreams: names.compactMap { positions[$0] },
      rewrite: rewrite(route),
      requestEdits: HeaderEdits(route.requestEdits),
      responseEdits: HeaderEdits(route.responseEdits), timeout: route.timeout,
      totalTimeout: route.totalTimeout,
      series: names.map {
        RequestSeries(registry, shard, listener: listener, route: route.name, upstream: $0)
      })
  }

  private func rewrite(_ route: RouteConfiguration) -> PathRewrite? {
    guard let replacement = route.rewritePrefix else { return nil }
    switch route.path {
    case .prefix(let matched), .exact(let matched):
      return PathRewrite(matched: matched, replacement: replacement)
    case .regex: return nil
    }
  }
}

extension HeaderEdits {
  convenience init(_ edits: RouteConfiguration.Edits) {
    self.init(
      set: edits.set.map { ($0.name, $0.value) }, add: edits.add.map { ($0.name, $0.value) },
      remove: edits.remove)
  }
}

extension ProxySettings {
  convenience init(_ configuration: Configuration) {
    self.init()
    trustedProxies = configuration.trustedProxies
    emitsW3C = configuration.propagatesW3C
    emitsB3 = configuration.propagatesB3
    addsVia = configuration.addsVia
    accessLogSample = UInt32(clamping: configuration.accessLog?.sample ?? 0)
  }
}

extension ListenerSettings {
  convenience init(_ listener: ListenerConfiguration) {
    self.init(name: listener.name, address: listener.address)
    headLimits = HeadLimits(
      headBytesMax: listener.requestHeadBytesMax, fieldsMax: listener.fieldsMax,
      targetBytesMax: listener.targetBytesMax)
    requestBodyBytesMax = listener.requestBodyBytesMax.map { UInt64($0) }
    requestsPerConnectionMax = listener.requestsPerConnectionMax.map { UInt64($0) }
    requestHeadNanoseconds = listener.requestHeadTimeout.nanosecondsClamped
    idleNanoseconds = listener.idleTimeout.nanosecondsClamped
    writeStallNanoseconds = listener.writeStallTimeout.nanosecondsClamped
    bodyBytesPerSecondMin = UInt64(listener.bodyBytesPerSecondMin)
    bodyWindowNanoseconds = listener.bodyRateWindow.nanosecondsClamped
  }
}
