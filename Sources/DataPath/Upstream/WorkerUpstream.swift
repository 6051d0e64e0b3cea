import HTTPClient
import Primitives
import Reactor
import Resilience
import Telemetry
import Upstreams

/// An upstream as one worker sees it: picks, pools and the queue of those who wait.
///
/// Outlives snapshots: endpoints are kept by address, so a reload or a discovery does not close a
/// connection that is still good. Confinement: the worker's loop.
package final class WorkerUpstream {
  /// What became of an exchange that asked for a connection; its attempt says where it goes.
  enum CheckOut {
    case reused(UpstreamStream)
    case connecting(UpstreamStream)
    case waiting(ticket: UInt32)
    /// The attempt has an endpoint if one was picked.
    case refused(FailureKind)
  }

  let worker: Worker
  package private(set) var plan: UpstreamPlan
  // These belong to the plan and are kept here because each request asks for them. They outlive plans.
  let limits: ResourceLimits
  let availability: Availability
  private(set) var streamIdleNanoseconds: Int64
  let metrics: UpstreamMetrics
  let shard: MetricShard
  package private(set) var endpoints: [WorkerEndpoint] = []
  package private(set) var balancer: Balancer
  /// How many endpoints their own breakers let through.
  private var admittedCount = 0
  /// The change of `availability` that the balancer knows of.
  private var seen: UInt64 = 0
  /// The last pick that came to nothing found endpoints whose probes were out.
  private var isRefusedByBreaker = false
  private(set) var isRetired = false
  // These belong to the plan's state and are kept here because each answer asks for them.
  private(set) var endpointClassifier: OutcomeClassifier
  /// Someone is told how attempts go. Of an upstream that has left, the breakers of endpoints still wait
  /// for what is under way: they are kept for its return.
  private(set) var recordsAttempts = false
  /// The latencies of answers that were no failures.
  var digest: LatencyDigest
  // Those who wait: `WorkerUpstream+Waiting`.
  var queue: PendingQueue
  var waiters: [Exchange?] = []
  var turn = SlotTurn()
  var appeal = SlotAppeal()
  /// A slot of the limits is held for whoever opens a connection next.
  var isSlotGranted = false
  /// The slot that comes free now goes to another worker.
  var isPassingOn = false

  init(_ plan: UpstreamPlan, _ metrics: UpstreamMetrics, worker: Worker) {
    self.plan = plan
    limits = plan.limits
    availability = plan.state.availability
    endpointClassifier = plan.state.endpointClassifier
    streamIdleNanoseconds = plan.streamIdleNanoseconds
    self.metrics = metrics
    self.worker = worker
    shard = worker.shard
    digest = LatencyDigest(quantile: plan.hedgePercentile)
    queue = PendingQueue(policy: plan.queuePolicy)
    balancer = Balancer(
      settings: plan.balancing, endpoints: [], now: worker.loop.now, random: &worker.random)
    adopt(plan, plan.state)
  }

  /// Takes over a new snapshot's plan.
  func update(_ plan: UpstreamPlan) {
    precondition(
      plan.limits === limits && plan.state.availability === availability,
      "an upstream keeps what its workers share")
    let isPoolSame = plan.pool == self.plan.pool
    let areLimitsSame = plan.headLimits == self.plan.headLimits
    let isSame =
      plan.balancing == self.plan.balancing
      && (plan.table.map { $0 === self.plan.table } ?? (plan.endpoints == self.plan.endpoints))
    if plan.hedgePercentile != self.plan.hedgePercentile {
      digest = LatencyDigest(quantile: plan.hedgePercentile)
    }
    let isQueueSame = plan.queuePolicy == self.plan.queuePolicy
    let before = self.plan.state
    self.plan = plan
    if !isQueueSame { adoptQueuePolicy() }
    streamIdleNanoseconds = plan.streamIdleNanoseconds
    if isSame {
      shareStates(after: before, nil)
      share(plan)
    } else {
      adopt(plan, before)
    }
    if !isPoolSame { for endpoint in endpoints { endpoint.renewPool() } }
    if !areLimitsSame { for endpoint in endpoints { endpoint.adopt(plan.headLimits) } }
  }

  /// The upstream has left the mesh; what is in flight goes on.
  func retire() {
    isRetired = true
    adopt(plan.emptied(), plan.state)
    while let turn = queue.pop(now: worker.loop.now) {
      if case .serve(let ticket) = turn { wake(ticket) } else { refuseWaiter(turn) }
    }
  }

  /// Takes the plan's endpoints over, place by place; `before`: what workers shared until now. Cost: a
  /// look at each for who may be picked; of the endpoints only those are touched that are new, have
  /// moved, or were given another state.
  private func adopt(_ plan: UpstreamPlan, _ before: UpstreamState) {
    self.plan = plan
    let table =
      plan.table
      ?? BalancerTable(
        plan.endpoints.map(\.balanced), plan.balancing, placement: plan.placement)
    let now = worker.loop.now
    let difference = balancer.adopt(table, settings: plan.balancing, now: now)
    let old = endpoints
    for index in difference.changes {
      let origin = Int(difference.origins[Int(index)])
      place(origin >= 0 ? old[origin] : nil, at: Int(index))
    }
    endpoints.removeLast(endpoints.count - difference.origins.count)
    shareStates(after: before, difference.origins)
    share(plan)
    look(now)
    for index in difference.left { retire(old[Int(index)]) }
  }

  /// `known`: nil for one that is new. Places are filled in order.
  private func place(_ known: WorkerEndpoint?, at index: Int) {
    let endpoint =
      known ?? WorkerEndpoint(plan.endpoints[index], plan.state.endpoints[index], of: self)
    endpoint.index = index
    if index == endpoints.count { endpoints.append(endpoint) } else { endpoints[index] = endpoint }
  }

  /// It has left the mesh: what is idle goes at once, what is in flight goes on.
  private func retire(_ endpoint: WorkerEndpoint) {
    endpoint.index = -1
    while endpoint.evict(.drain) {}
    while endpoint.evictPrivate(.drain) {}
  }

  /// Endpoints may have been given other breakers; `origins`: where each stood, nil: where it stands.
  private func shareStates(after before: UpstreamState, _ origins: [Int32]?) {
    let states = plan.state
    guard states.generation == 0 || states.generation != before.generation else { return }
    for index in endpoints.indices {
      let origin = origins.map { Int($0[index]) } ?? index
      if origin >= 0 { endpoints[index].state = states.endpoints[index] }
    }
  }

  private func share(_ plan: UpstreamPlan) {
    endpointClassifier = plan.state.endpointClassifier
    recordsAttempts = plan.state.recordsAttempts || isRetired
    seen = 0
  }

  // MARK: Picks

  /// Picks an endpoint that may take the request now, and passes its breaker; false: there is none.
  func pick(_ request: PickRequest, into attempt: Attempt) -> Bool {
    let now = worker.loop.now
    if seen != availability.number || now >= availability.nextLook { look(now) }
    guard let pick = balancer.pick(request, now: now, random: &worker.random) else {
      isRefusedByBreaker = false
      attempt.clear()
      return false
    }
    if tryEndpoint(endpoints[pick.index], pick, now, attempt) { return true }
    isRefusedByBreaker = true
    return pickElsewhere(request, endpoints[pick.index], now, attempt)
  }

  /// The first choice's breaker lets nobody through now: its probes are out.
  private func pickElsewhere(
    _ request: PickRequest, _ refused: WorkerEndpoint, _ now: Instant, _ attempt: Attempt
  ) -> Bool {
    var request = request
    request.tried.insert(refused.key)
    for _ in 0..<min(endpoints.count, TriedEndpoints.capacity) {
      guard let pick = balancer.pick(request, now: now, random: &worker.random) else {
        break
      }
      let endpoint = endpoints[pick.index]
      if tryEndpoint(endpoint, pick, now, attempt) { return true }
      if request.tried.contains(endpoint.key) { break }
      request.tried.insert(endpoint.key)
    }
    attempt.clear()
    return false
  }

  /// Past the endpoint's breaker; false: it lets nobody through now.
  @inline(__always)
  func tryEndpoint(
    _ endpoint: WorkerEndpoint, _ pick: Pick, _ now: Instant, _ attempt: Attempt
  ) -> Bool {
    guard let breaker = endpoint.state.breaker else {
      attempt.begin(endpoint, pick, .none, now)
      return true
    }
    guard case .admitted(let ticket) = breaker.admit(now: now) else { return false }
    if let change = ticket.transition(at: now) {
      told(change, .endpoint, endpoint: endpoint.state)
    }
    attempt.begin(endpoint, pick, ticket, now)
    return true
  }

  /// Health, ejections or breakers have changed: works out who may be picked.
  private func look(_ now: Instant) {
    if now >= availability.nextLook, availability.takeLook(now: now) { returnEjected(now) }
    seen = availability.number
    var well = EndpointSet(capacity: endpoints.count, isFull: true)
    var admitted = well
    var healthy = well
    // Nearly all are well, as a rule: only those that are not cost more than a look.
    for (index, state) in plan.state.endpoints.enumerated() {
      if !state.isWell {
        well.remove(index)
        if !state.isHealthy { healthy.remove(index) }
      }
      // Half-open ones stay in the choice: that their probes are out changes without a word.
      guard let breaker = state.breaker, !breaker.mayAdmit(now: now), breaker.state != .halfOpen
      else { continue }
      admitted.remove(index)
      // Whoever took the last look may not have known of this one.
      availability.look(at: breaker.nextChange)
    }
    admittedCount = admitted.count
    balancer.setAvailable(
      well: well, admitted: admitted, healthy: healthy, now: now, random: &worker.random)
    if availability.set(isPanicking: balancer.isPanicking) {
      worker.report(.panic(upstream: plan.name, isOn: balancer.isPanicking))
    }
  }

  /// Looks at what is due although no request may come: ejections end, and panic does.
  package func lookIfDue() {
    let now = worker.loop.now
    if seen != availability.number || now >= availability.nextLook { look(now) }
  }

  /// Why nobody could be picked.
  var refusal: FailureKind {
    if endpoints.isEmpty { return plan.isUnresolved ? .nameUnresolved : .noEndpoint }
    return admittedCount == 0 || isRefusedByBreaker ? .circuitOpen : .noEndpoint
  }

  // MARK: In flight

  /// An attempt takes its place among those in flight.
  func attemptBegan(_ endpoint: WorkerEndpoint) {
    if endpoint.index >= 0 { balancer.began(endpoint.index) }
  }

  /// `nanoseconds`: what it took to answer; nil: that says nothing of the endpoint.
  func attemptEnded(_ endpoint: WorkerEndpoint, _ nanoseconds: Int64?, isFailure: Bool) {
    guard endpoint.index >= 0 else { return }
    balancer.ended(
      endpoint.index, nanoseconds: nanoseconds, isFailure: isFailure, now: worker.loop.now)
  }

  /// Its latency average, where the policy keeps one.
  package func latencyNanoseconds(_ endpoint: WorkerEndpoint) -> Int64? {
    guard endpoint.index >= 0, plan.balancing.policy == .peakEwma else { return nil }
    return balancer.latencyNanoseconds(endpoint.index, now: worker.loop.now)
  }

  package func inFlight(_ endpoint: WorkerEndpoint) -> Int {
    endpoint.index >= 0 ? balancer.active(endpoint.index) : 0
  }
}
