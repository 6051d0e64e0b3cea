import DataPath
import Primitives
import Reactor
import Routing
import Telemetry
import Upstreams

/// One worker of the real data path on a simulated network: one listener, one route, one upstream.
package final class SimulatedMesh {
  package let network: SimulatedNetwork
  package let worker: Worker
  package let limits: ResourceLimits
  private let connections: ResourceLimits

  /// `endpoints`: how many, at ports from 9001 on.
  package init(seed: UInt64, endpoints: Int, connectionsMax: Int, pendingMax: Int) throws {
    network = SimulatedNetwork(seed: seed)
    limits = ResourceLimits(
      connectionsMax: connectionsMax, pendingMax: pendingMax, requestsMax: 1024)
    connections = ResourceLimits(connectionsMax: 1000, pendingMax: 0, requestsMax: 0)
    let registry = MetricRegistry()
    let shard = MetricShard()
    let metrics = WorkerMetrics(registry)
    let addresses = (0..<endpoints).map { SocketAddress.ip(.loopback4, port: UInt16(9001 + $0)) }
    let plan = UpstreamPlan(
      name: "service", endpoints: addresses.map { .init(address: $0) },
      state: UpstreamState(
        name: "service", limits: limits,
        endpoints: addresses.map {
          EndpointState(identity: "\($0)", breaker: nil, slot: nil)
        }))
    plan.streamIdleNanoseconds = 20_000_000_000
    let series = { (route: String) in
      RequestSeries(registry, shard, listener: "ingress", route: route, upstream: "service")
    }
    let route = Route(
      name: "0", action: .forward, upstreams: [0], rewrite: nil,
      requestEdits: HeaderEdits(set: [], add: [], remove: []),
      responseEdits: HeaderEdits(set: [], add: [], remove: []), timeout: .seconds(15),
      totalTimeout: nil, series: [series("0")])
    let listener = ListenerSnapshot(
      settings: ListenerSettings(name: "ingress", address: .ip(.loopback4, port: 8080)),
      table: try RouteTable([RouteMatch(path: .prefix("/"))]), routes: [route],
      unrouted: series("none"))
    let snapshot = Snapshot(
      number: 0, settings: ProxySettings(), listeners: [listener], plans: [plan],
      metrics: [UpstreamMetrics(registry, upstream: "service")])
    shard.reserve(registry.slotCount)
    worker = try Worker(
      number: 0, loop: try EventLoop(kernel: network), snapshot: snapshot, shard: shard,
      metrics: metrics, connectionLimits: connections, buffers: BufferBudget(bytesMax: 1 << 26),
      accessLog: nil, rare: RareCounters(registry, shard), seed: seed)
    let socket = try network.listen(
      on: .ip(.loopback4, port: 8080), backlog: 128, isShared: false)
    worker.listen(on: [0: socket])
  }

  /// Runs turns until nothing is planned any more and `quiet` has passed since.
  package func run(quiet: Duration) {
    while network.hasEvents { worker.loop.turn(waitingUntil: .distantFuture) }
    let end = network.time.advanced(by: quiet)
    while network.time < end || network.hasEvents { worker.loop.turn(waitingUntil: end) }
  }

  /// What is still held once everyone has left and every clock has run out; empty: nothing is.
  package var held: [String] {
    var found: [String] = []
    func check(_ name: String, _ count: Int) { if count != 0 { found.append("\(name) \(count)") } }
    check("sockets", network.openSockets)
    check("client connections", worker.connectionCount)
    check("client slots", connections.used(.connections))
    check("endpoint connections", limits.used(.connections))
    check("waiting", limits.used(.pending))
    check("requests", limits.used(.requests))
    check("buffer bytes", worker.pool.bytesLent)
    return found
  }
}
