import Primitives
import Reactor
import Telemetry
import Upstreams

/// What a worker shares with the others: descriptors, and the slots of an upstream's limits.
extension Worker {
  // MARK: Clients

  /// An idle connection is not closed for a newcomer's sake before that: a request may be on its way
  /// to it.
  private static let idleNanosecondsMin: Int64 = 1_000_000_000
  /// Idle connections that are compared to find one that has been idle for long.
  private static let idleLooks = 32

  /// The descriptor of a connection that was accepted: `clients`; or `refused`, for one that is told
  /// that there is no room; or nil, for one that is not even told.
  func admit() -> DescriptorBudget.Use? {
    if descriptors.acquire(.clients) { return .clients }
    if makeRoom(), descriptors.acquire(.clients) { return .clients }
    // All idle connections may be at the others: for who comes next.
    if mayAsk(&roomAskedAt) { askOthers { $0.makeRoom() } }
    shard.add(metrics.connectionsRefused)
    return descriptors.acquire(.refused) ? .refused : nil
  }

  /// Closes a connection that does nothing: of some, the one that has been idle longest, so that who
  /// only holds connections keeps nobody out. nginx does the same when its `worker_connections` run
  /// out. False: each has something to do, or had until a moment ago.
  @discardableResult
  private func makeRoom() -> Bool {
    var longest: (connection: DownstreamConnection, idle: Int64)?
    for _ in 0..<min(connections.count, Self.idleLooks) {
      nextIdleLook = nextIdleLook + 1 < connections.count ? nextIdleLook + 1 : 0
      let connection = connections[nextIdleLook]
      if let idle = connection.idleNanoseconds(at: loop.now), idle >= Self.idleNanosecondsMin,
        idle > longest?.idle ?? 0
      {
        longest = (connection, idle)
      }
    }
    guard let connection = longest?.connection else { return false }
    connection.closeUnlessAsked()
    guard !connection.isOpen else { return false }
    shard.add(metrics.connectionsEvicted)
    return true
  }

  // MARK: Endpoints

  /// Idle connections that each other worker closes when it is asked.
  private static let idleClosedPerAsk = 16

  /// The descriptor of a connection to an endpoint. Before they run out, idle connections make room,
  /// here and at the other workers. False: there is none now.
  func takeEndpointDescriptor() -> Bool {
    let isTaken = descriptors.acquire(.endpoints)
    guard !isTaken || descriptors.isScarce(.endpoints) else { return true }
    if mayAsk(&idleAskedAt) { askOthers { $0.closeIdle(most: Self.idleClosedPerAsk) } }
    closeIdle(most: 1)
    return isTaken || descriptors.acquire(.endpoints)
  }

  /// Closes idle connections to endpoints, whatever their upstream.
  private func closeIdle(most: Int) {
    var left = most
    for upstream in upstreams.values {
      for endpoint in upstream.endpoints {
        while left > 0, endpoint.evict(.evicted) { left -= 1 }
      }
    }
  }

  // MARK: Asking

  /// The others are asked for the same thing no more often than that.
  private static let askPause = Duration.milliseconds(10)

  private func mayAsk(_ asked: inout Instant) -> Bool {
    guard loop.now.duration(since: asked) >= Self.askPause else { return false }
    asked = loop.now
    return true
  }

  private func askOthers(_ work: @escaping @Sendable (Worker) -> Void) {
    for peer in peers where peer.number != number { peer.post(work) }
  }

  // MARK: Slots of an upstream's limits

  /// The upstream that `limits` are of; a reload may have put another in its place.
  private func upstream(_ name: String, _ limits: ResourceLimits) -> WorkerUpstream? {
    guard let upstream = upstream(name), upstream.limits === limits else { return nil }
    return upstream
  }

  /// Begins a round of the workers: each gives up idle connections until `count` are found.
  func ask(for count: Int, _ name: String, _ limits: ResourceLimits) {
    pass(SlotRound(name: name, limits: limits, origin: number, unmet: count))
  }

  private func pass(_ round: SlotRound) {
    peers[(number + 1) % peers.count].post { $0.receive(round) }
  }

  private func receive(_ round: SlotRound) {
    guard round.origin != number else {
      upstream(round.name, round.limits)?.roundEnded(unmet: round.unmet)
      return
    }
    let unmet = upstream(round.name, round.limits)?.giveUpIdle(round.unmet) ?? round.unmet
    let rest = SlotRound(name: round.name, limits: round.limits, origin: round.origin, unmet: unmet)
    guard unmet == 0 else { return pass(rest) }
    peers[round.origin].post { $0.receive(rest) }
  }

  /// Slots of `limits` may be free: `worker` has requests that wait for one.
  func tellSlotFreed(_ name: String, _ limits: ResourceLimits, worker: Int) {
    guard worker < peers.count else { return }
    peers[worker].post { $0.upstream(name, limits)?.tryWaiting() }
  }

  /// Makes a slot of `limits`, which we hold, `worker`'s.
  func giveSlot(_ name: String, _ limits: ResourceLimits, to worker: Int) {
    peers[worker].post {
      if let upstream = $0.upstream(name, limits) { return upstream.takeSlot() }
      // A reload has taken the upstream away there; others may not have heard of it yet.
      limits.release(.connections)
      if let next = limits.waitingWorker(after: $0.number) {
        $0.tellSlotFreed(name, limits, worker: next)
      }
    }
  }
}
