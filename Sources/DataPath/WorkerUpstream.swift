import HTTPClient
import Primitives
import Reactor
import Telemetry
import Upstreams

/// An upstream as one worker sees it: picks, pools and the queue of those who wait.
///
/// Outlives snapshots: endpoints are kept by address, so a reload or a discovery does not close a
/// connection that is still good. Confinement: the worker's loop.
package final class WorkerUpstream {
  /// What became of an exchange that asked for a connection.
  enum CheckOut {
    case reused(UpstreamConnection, WorkerEndpoint)
    case connecting(UpstreamConnection, WorkerEndpoint)
    case waiting(ticket: UInt32)
    /// With the endpoint that it failed at, if one was picked.
    case refused(FailureKind, WorkerEndpoint?)
  }

  let worker: Worker
  package private(set) var plan: UpstreamPlan
  // Of the plan, kept here because each request asks for them. The limits outlive plans.
  let limits: ResourceLimits
  private(set) var streamIdleNanoseconds: Int64
  let metrics: UpstreamMetrics
  let shard: MetricShard
  package private(set) var endpoints: [WorkerEndpoint] = []
  private var byAddress: [SocketAddress: WorkerEndpoint] = [:]
  private var balancer: Balancer
  // Of those who wait: `WorkerUpstream+Waiting`.
  var queue = PendingQueue()
  var waiters: [Exchange?] = []
  var turn = SlotTurn()
  /// A slot of the limits is held for whoever opens a connection next.
  var isSlotGranted = false
  /// The slot that comes free now goes to another worker.
  var isPassingOn = false

  init(_ plan: UpstreamPlan, _ metrics: UpstreamMetrics, worker: Worker) {
    self.plan = plan
    limits = plan.limits
    streamIdleNanoseconds = plan.streamIdleNanoseconds
    self.metrics = metrics
    self.worker = worker
    shard = worker.shard
    balancer = Balancer(
      settings: BalancingSettings(policy: plan.policy), endpoints: [], now: worker.loop.now,
      random: &worker.random)
    adopt(plan.endpoints)
  }

  /// Takes over a new snapshot's plan.
  func update(_ plan: UpstreamPlan) {
    precondition(plan.limits === limits, "an upstream keeps its limits")
    let isPoolSame = plan.pool == self.plan.pool
    let isSame = plan.endpoints == self.plan.endpoints && plan.policy == self.plan.policy
    self.plan = plan
    streamIdleNanoseconds = plan.streamIdleNanoseconds
    if !isSame { adopt(plan.endpoints) }
    if !isPoolSame { for endpoint in endpoints { endpoint.renewPool() } }
  }

  /// The upstream has left the mesh; what is in flight goes on.
  func retire() {
    adopt([])
    while case .serve(let ticket)? = queue.pop(now: worker.loop.now) { wake(ticket) }
  }

  private func adopt(_ planned: [UpstreamPlan.Endpoint]) {
    let old = endpoints
    for endpoint in old { endpoint.index = -1 }
    endpoints = planned.enumerated().map { index, entry in
      let endpoint = byAddress[entry.address] ?? WorkerEndpoint(entry.address, of: self)
      endpoint.index = index
      return endpoint
    }
    byAddress = Dictionary(zip(planned.map(\.address), endpoints)) { first, _ in first }
    balancer.adopt(
      planned.map {
        BalancerEndpoint("\($0.address)", traits: EndpointTraits(weight: $0.weight))
      },
      settings: BalancingSettings(policy: plan.policy), now: worker.loop.now,
      random: &worker.random)
    for endpoint in old where endpoint.index < 0 {
      while endpoint.evict(.drain) {}
    }
  }

  /// A connection for `exchange`. `isFresh`: none that was used before.
  func checkOut(for exchange: Exchange, isFresh: Bool) -> CheckOut {
    guard
      let pick = balancer.pick(PickRequest(), now: worker.loop.now, random: &worker.random)
    else { return .refused(plan.isUnresolved ? .nameUnresolved : .noEndpoint, nil) }
    let endpoint = endpoints[pick.index]
    if !isFresh, let connection = endpoint.checkOut() { return .reused(connection, endpoint) }
    if acquireSlot() { return open(endpoint, for: exchange) }
    // At the limit: another endpoint's idle connection serves as well, or makes room.
    for other in endpoints where other.idleCount > 0 {
      if !isFresh, let connection = other.checkOut() { return .reused(connection, other) }
      if other.evict(.evicted), acquireSlot() {
        return open(endpoint, for: exchange)
      }
    }
    return wait(exchange, endpoint)
  }

  func open(_ endpoint: WorkerEndpoint, for borrower: ConnectionReceiver) -> CheckOut {
    switch endpoint.open(for: borrower) {
    case .success(let connection): return .connecting(connection, endpoint)
    case .failure(let fault):
      limits.release(.connections)
      // By mail, not at once: each who waits may fail like this one.
      tellNextWaiter()
      return .refused(fault.kind, endpoint)
    }
  }

  func attemptBegan(_ endpoint: WorkerEndpoint) {
    if endpoint.index >= 0 { balancer.began(endpoint.index) }
    shard.add(metrics.attempts)
  }

  func attemptEnded(_ endpoint: WorkerEndpoint) {
    // One that left and came back begins at none.
    guard endpoint.index >= 0, balancer.active(endpoint.index) > 0 else { return }
    balancer.ended(endpoint.index, nanoseconds: nil, isFailure: false, now: worker.loop.now)
  }

  package func inFlight(_ endpoint: WorkerEndpoint) -> Int {
    endpoint.index >= 0 ? balancer.active(endpoint.index) : 0
  }
}
