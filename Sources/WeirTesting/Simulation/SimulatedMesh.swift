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
  let descriptors: DescriptorBudget
  private let registry = MetricRegistry()
  private let shard = MetricShard()
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
    seed: UInt64, _ plan: MeshPlan,
    descriptors: DescriptorBudget = DescriptorBudget(clients: 1000, refused: 10, endpoints: 1000),
    report: (@Sendable (PolicyEvent) -> Void)? = nil
  ) throws {
    self.plan = plan
    self.descriptors = descriptors
    network = SimulatedNetwork(seed: seed)
    let metrics = WorkerMetrics(registry)
    let snapshot = Snapshot(
      number: 0, settings: plan.settings,
      listeners: [try Self.listener("ingress", plan, registry, shard)], plans: plan.upstreams,
      metrics: plan.upstreams.map { [registry] in UpstreamMetrics(registry, upstream: $0.name) })
    shard.reserve(registry.slotCount)
    worker = try Worker(
      number: 0, loop: try EventLoop(kernel: network), snapshot: snapshot, shard: shard,
      metrics: metrics, descriptors: descriptors, buffers: BufferBudget(bytesMax: 1 << 26),
      accessLog: nil, rare: RareCounters(registry, shard), seed: seed, report: report)
    mail = MailSource(worker.loop.mailbox)
    worker.peers = [WorkerHandle(worker)]
    let socket = try network.listen(
      on: .ip(.loopback4, port: 8080), backlog: 128, isShared: false, mode: nil)
    precondition(worker.listen(on: [0: socket]).isEmpty, "the listener starts")
  }

  /// A reload that adds a listener of that name. What could not be started.
  package func addListener(_ name: String) throws -> [Worker.ListenerFault] {
    let known = worker.snapshot
    let added = try Self.listener(name, plan, registry, shard)
    shard.reserve(registry.slotCount)
    let snapshot = Snapshot(
      number: known.number + 1, settings: known.settings, listeners: known.listeners + [added],
      plans: known.plans, metrics: known.metrics)
    let socket = try network.listen(
      on: .ip(.loopback4, port: 8081), backlog: 128, isShared: false, mode: nil)
    return worker.install(snapshot, sockets: [known.listeners.count: socket]).faults
  }

  private static func listener(
    _ name: String, _ plan: MeshPlan, _ registry: MetricRegistry, _ shard: MetricShard
  ) throws -> ListenerSnapshot {
    let series = { (route: String, upstream: String) in
      RequestSeries(registry, shard, listener: name, route: route, upstream: upstream)
    }
    let route = Route(
      name: "0", action: .forward, upstreams: Array(plan.upstreams.indices), rewrite: nil,
      requestEdits: HeaderEdits(set: [], add: [], remove: []),
      responseEdits: HeaderEdits(set: [], add: [], remove: []), timeout: plan.timeout,
      totalTimeout: plan.totalTimeout, series: plan.upstreams.map { series("0", $0.name) },
      policy: plan.policy)
    return ListenerSnapshot(
      settings: ListenerSettings(name: name, address: .ip(.loopback4, port: 8080)),
      proxySettings: plan.settings,
      table: try RouteTable([RouteMatch(path: .prefix("/"))]), routes: [route],
      unrouted: series("none", "none"))
  }

  /// Runs turns until nothing is planned any more and `quiet` has passed since.
  package func run(quiet: Duration) {
    while network.hasEvents { turn(waitingUntil: .distantFuture) }
    let end = network.time.advanced(by: quiet)
    while network.time < end || network.hasEvents {
      turn(waitingUntil: network.time < end ? end : .distantFuture)
    }
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
