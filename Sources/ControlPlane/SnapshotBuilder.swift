import DataPath
import Discovery
import HTTP1
import HTTPModel
import Primitives
import ProxyConfiguration
import Reactor
import Resilience
import Routing
import Telemetry
import Upstreams

/// Builds what workers serve by: from a configuration and resolved endpoints, one snapshot a worker.
///
/// Confinement: the control queue. Limits and machines are shared by all workers and survive
/// snapshots.
package final class SnapshotBuilder {
  package let registry: MetricRegistry
  private(set) var machines: [String: UpstreamMachines] = [:]
  let routeMachines = RouteMachines()
  private var metrics: [String: UpstreamMetrics] = [:]
  private var number = 0
  private var events: [PolicyEvent] = []

  private let identities: Identities

  package convenience init(registry: MetricRegistry) {
    self.init(registry: registry, identities: Identities(now: { LinuxKernel.monotonicNow }))
  }

  init(registry: MetricRegistry, identities: Identities) {
    self.registry = registry
    self.identities = identities
  }

  func limits(of upstream: String) -> ResourceLimits? { state(of: upstream)?.limits }

  /// What the workers share of an upstream now.
  func state(of upstream: String) -> UpstreamState? { machines[upstream]?.current }

  func endpoint(_ identity: String, of upstream: String) -> EndpointState? {
    machines[upstream]?.endpoint(identity)
  }

  /// What became of machines whose policies have changed since the last call.
  func takeEvents() -> [PolicyEvent] {
    defer { events = [] }
    return events
  }

  /// The routes of each listener for each of `count` workers, ready to be matched. Nothing has changed
  /// where one cannot be built.
  static func tables(
    _ configuration: Configuration, count: Int
  ) throws(RouteFault) -> [[RouteTable]] {
    var tables: [[RouteTable]] = []
    for _ in 0..<count {
      var own: [RouteTable] = []
      for listener in configuration.listeners {
        own.append(try RouteTable(listener.routes.map(RouteMatch.init)))
      }
      tables.append(own)
    }
    return tables
  }

  package func build(
    _ configuration: Configuration, answers: [String: EndpointResolution.Answer],
    shards: [MetricShard], now: Instant
  ) throws(RouteFault) -> [Snapshot] {
    let tables = try Self.tables(configuration, count: shards.count)
    return build(configuration, tables, answers: answers, shards: shards, now: now)
  }

  /// One snapshot for each of `shards`, which has tables of its own. `answers`: endpoints by upstream.
  /// Cost: linear.
  package func build(
    _ configuration: Configuration, _ tables: [[RouteTable]],
    answers: [String: EndpointResolution.Answer], shards: [MetricShard], now: Instant
  ) -> [Snapshot] {
    number += 1
    var succession = BreakerSuccession(now: now)
    forgetUpstreams(butThose: Set(configuration.upstreams.lazy.map(\.name)))
    let planned = UpstreamPlans(configuration, answers)
    let plans = configuration.upstreams.map {
      plan(of: $0, answers[$0.name]?.endpoints ?? [], planned, &succession)
    }
    let series = configuration.upstreams.map { metrics(of: $0.name) }
    let positions = Dictionary(
      uniqueKeysWithValues: configuration.upstreams.enumerated().map { ($1.name, $0) })
    let policies = routePolicies(configuration, &succession)
    var snapshots: [Snapshot] = []
    for (shard, tables) in zip(shards, tables) {
      let settings = ProxySettings(configuration)
      var listeners: [ListenerSnapshot] = []
      for (index, listener) in configuration.listeners.enumerated() {
        listeners.append(
          self.listener(
            listener, settings, tables[index], policies[index], positions, plans, shard))
      }
      snapshots.append(
        Snapshot(
          number: number, settings: settings, listeners: listeners, plans: plans,
          metrics: series))
    }
    events += succession.events
    return snapshots
  }

  /// The plan of one upstream whose endpoints have changed, for all workers. The configuration is that of
  /// the last `build`. Cost: linear in its endpoints.
  package func plan(
    of upstream: UpstreamConfiguration, in configuration: Configuration,
    _ answer: EndpointResolution.Answer, now: Instant
  ) -> UpstreamPlan {
    var succession = BreakerSuccession(now: now)
    let planned = UpstreamPlans(configuration, [upstream.name: answer])
    let plan = plan(of: upstream, answer.endpoints, planned, &succession)
    events += succession.events
    return plan
  }

  private func plan(
    of upstream: UpstreamConfiguration, _ endpoints: [EndpointResolution.Endpoint],
    _ planned: UpstreamPlans, _ succession: inout BreakerSuccession
  ) -> UpstreamPlan {
    let known = machines[upstream.name] ?? UpstreamMachines(upstream, now: succession.now)
    machines[upstream.name] = known
    let plan = planned.plan(of: upstream, known.state(for: upstream, endpoints, &succession), known)
    if upstream.tls != nil { plan.tls = identities.slot(.upstream(upstream.name)) }
    return plan
  }

  /// What is gone goes: an upstream that returns begins anew.
  private func forgetUpstreams(butThose names: Set<String>) {
    machines = machines.filter { names.contains($0.key) }
    metrics = metrics.filter { names.contains($0.key) }
  }

  /// The policies of each listener's routes.
  private func routePolicies(
    _ configuration: Configuration, _ succession: inout BreakerSuccession
  ) -> [[RoutePolicy?]] {
    let policies = configuration.listeners.map { listener in
      zip(listener.routes, RouteIdentity.all(of: listener)).map { route, identity in
        var fallback: Int?
        if case .upstream? = route.fallback { fallback = route.upstreams.count }
        return routeMachines.policy(
          of: route, identity, listener.name, fallback: fallback, &succession)
      }
    }
    routeMachines.forgetUnused()
    return policies
  }

  private func metrics(of upstream: String) -> UpstreamMetrics {
    if let known = metrics[upstream] { return known }
    let made = UpstreamMetrics(registry, upstream: upstream)
    metrics[upstream] = made
    return made
  }

  private func listener(
    _ listener: ListenerConfiguration, _ settings: ProxySettings, _ table: RouteTable,
    _ policies: [RoutePolicy?], _ positions: [String: Int], _ plans: [UpstreamPlan],
    _ shard: MetricShard
  ) -> ListenerSnapshot {
    let routes = zip(listener.routes, policies).map {
      route($0, of: listener.name, $1, positions, plans, shard)
    }
    let unrouted = RequestSeries(
      registry, shard, listener: listener.name, route: "none", upstream: "none")
    let listenerSettings = ListenerSettings(listener)
    listenerSettings.authorization = listener.authorization.map { AuthorizationPolicy($0) }
    listenerSettings.tunnelTarget = listener.upstream.flatMap { positions[$0] }
    if let tls = listener.tls {
      listenerSettings.tls = ListenerTLS(
        identities.slot(.listener(listener.name)), isPermissive: tls.isPermissive,
        handshakeNanoseconds: tls.handshakeTimeout.nanosecondsClamped)
    }
    return ListenerSnapshot(
      settings: listenerSettings, proxySettings: settings, table: table,
      routes: routes, unrouted: unrouted)
  }

  private func route(
    _ route: RouteConfiguration, of listener: String, _ policy: RoutePolicy?,
    _ positions: [String: Int], _ plans: [UpstreamPlan], _ shard: MetricShard
  ) -> Route {
    var names = route.upstreams
    if case .upstream(let name)? = route.fallback { names.append(name) }
    let labels = names.isEmpty ? ["none"] : names
    let targets = names.compactMap { positions[$0] }
    return Route(
      name: route.name, listener: listener, action: action(route), upstreams: targets,
      rewrite: rewrite(route),
      requestEdits: HeaderEdits(route.requestEdits),
      responseEdits: HeaderEdits(route.responseEdits), timeout: route.timeout,
      totalTimeout: route.totalTimeout,
      series: labels.map {
        RequestSeries(registry, shard, listener: listener, route: route.name, upstream: $0)
      },
      subset: subset(route, targets, plans), policy: policy,
      authorization: route.authorization.map { AuthorizationPolicy($0) })
  }

  private func subset(
    _ route: RouteConfiguration, _ targets: [Int], _ plans: [UpstreamPlan]
  ) -> RouteSubset? {
    guard !route.subset.isEmpty else { return nil }
    let own = route.upstreams.count
    return RouteSubset(
      route.subset.map { .init(key: $0.name, value: $0.value) },
      // The fallback's endpoints are all asked: its metadata is its own.
      of: targets.enumerated().map { $0 < own ? plans[$1] : nil })
  }

  private func action(_ route: RouteConfiguration) -> Route.Action {
    switch route.action {
    case .forward: .forward
    case .split(let shares):
      .split(WeightedSplit(weights: shares.map { UInt32($0.weight) }))
    case .redirect(let scheme, let host, let path, let status):
      .redirect(Redirect(scheme: scheme, host: host, path: path, status: UInt16(status)))
    case .respond(let status, let body, let contentType):
      .respond(
        DirectResponse(
          status: UInt16(status), body: Array(body.utf8), contentType: contentType))
    }
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
    trustedWorkloads = configuration.trustedWorkloads
    clientAddress =
      switch configuration.clientAddress {
      case nil: .automatic
      case .xForwardedFor: .xForwardedFor
      case .forwarded: .forwarded
      case .peer: .peer
      }
    emitsW3C = configuration.propagatesW3C
    emitsB3 = configuration.propagatesB3
    addsVia = configuration.addsVia
    marksErrors = configuration.marksErrors
    accessLogSample = UInt32(clamping: configuration.accessLog?.sample ?? 0)
    loggedFields = LoggedFields(
      request: configuration.accessLog?.requestHeaders ?? [],
      response: configuration.accessLog?.responseHeaders ?? [])
    instance = Array((configuration.instance ?? ThisProcess.hostName).utf8)
    drainDelayNanoseconds = configuration.drainDelay.nanosecondsClamped
    explainSlowNanoseconds = configuration.explainSlow?.nanosecondsClamped ?? .max
    explainEntries = configuration.explainEntries
    priorityField = FieldKey(configuration.priorityHeader)
    shedsByPriority = configuration.listeners.contains { listener in
      listener.routes.contains { $0.priority != .normal }
    }
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
    mergesSlashes = listener.mergesSlashes
    takesProxyHeader = listener.takesProxyHeader
    answersHalfClosed = listener.answersHalfClosed
  }
}
