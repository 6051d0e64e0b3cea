import DataPath
import Primitives
import Reactor
import Routing
import Telemetry
import Upstreams

/// One worker of the real data path on a simulated network: one listener, one route, and the
/// upstreams of its plan.
package final class SimulatedMesh {
  package let network: SimulatedNetwork
  package let worker: Worker
  package let plan: MeshPlan
  let connections: ResourceLimits
  private let registry = MetricRegistry()
  /// Mail is posted to a wake-up that the network does not play: the mesh carries it.
  private let mail: MailSource

  /// Without policies. `endpoints`: how many, at ports from 9001 on.
  package convenience init(
    seed: UInt64, endpoints: Int, connectionsMax: Int, pendingMax: Int
  ) throws {
    let addresses = (0..<endpoints).map { SocketAddress.ip(.loopback4, port: UInt16(9001 + $0)) }
    let upstream = UpstreamPlan(
      name: "service", endpoints: addresses.map { .init(address: $0) },
      state: UpstreamState(
        name: "service",
        limits: ResourceLimits(
          connectionsMax: connectionsMax, pendingMax: pendingMax, requestsMax: 1024),
        endpoints: addresses.map { EndpointState(identity: "\($0)", breaker: nil) }))
    upstream.streamIdleNanoseconds = 20_000_000_000
    try self.init(seed: seed, MeshPlan(upstreams: [upstream]))
  }

  package init(
    seed: UInt64, _ plan: MeshPlan, report: (@Sendable (PolicyEvent) -> Void)? = nil
  ) throws {
    self.plan = plan
    network = SimulatedNetwork(seed: seed)
    connections = ResourceLimits(connectionsMax: 1000, pendingMax: 0, requestsMax: 0)
    let shard = MetricShard()
    let metrics = WorkerMetrics(registry)
    let snapshot = Snapshot(
      number: 0, settings: plan.settings,
      listeners: [try Self.listener(plan, registry, shard)], plans: plan.upstreams,
      metrics: plan.upstreams.map { [registry] in UpstreamMetrics(registry, upstream: $0.name) })
    shard.reserve(registry.slotCount)
    worker = try Worker(
      number: 0, loop: try EventLoop(kernel: network), snapshot: snapshot, shard: shard,
      metrics: metrics, connectionLimits: connections, buffers: BufferBudget(bytesMax: 1 << 26),
      accessLog: nil, rare: RareCounters(registry, shard), seed: seed, report: report)
    mail = MailSource(worker.loop.mailbox)
    worker.peers = [WorkerHandle(worker)]
    let socket = try network.listen(
      on: .ip(.loopback4, port: 8080), backlog: 128, isShared: false, mode: nil)
    worker.listen(on: [0: socket])
  }

  private static func listener(
    _ plan: MeshPlan, _ registry: MetricRegistry, _ shard: MetricShard
  ) throws -> ListenerSnapshot {
    let series = { (route: String, upstream: String) in
      RequestSeries(registry, shard, listener: "ingress", route: route, upstream: upstream)
    }
    let route = Route(
      name: "0", action: .forward, upstreams: Array(plan.upstreams.indices), rewrite: nil,
      requestEdits: HeaderEdits(set: [], add: [], remove: []),
      responseEdits: HeaderEdits(set: [], add: [], remove: []), timeout: plan.timeout,
      totalTimeout: plan.totalTimeout, series: plan.upstreams.map { series("0", $0.name) },
      policy: plan.policy)
    return ListenerSnapshot(
      settings: ListenerSettings(name: "ingress", address: .ip(.loopback4, port: 8080)),
      table: try RouteTable([RouteMatch(path: .prefix("/"))]), routes: [route],
      unrouted: series("none", "none"))
  }

  /// Runs turns until nothing is planned any more and `quiet` has passed since.
  package func run(quiet: Duration) {
    while network.hasEvents { turn(waitingUntil: .distantFuture) }
    let end = network.time.advanced(by: quiet)
    while network.time < end || network.hasEvents { turn(waitingUntil: end) }
  }

  private func turn(waitingUntil limit: Instant) {
    worker.loop.turn(waitingUntil: limit)
    mail.ready(.readable)
  }

  /// The value of every series, as a scrape shows them.
  package var metrics: String {
    Exposition.render(registry, shards: [worker.scrape()], format: .text)
  }
}
