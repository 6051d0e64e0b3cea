import HTTP1
import Primitives
import Reactor
import Telemetry
import Upstreams

/// One worker: a loop and all that lives on it. Nothing here is shared but what says so.
///
/// Confinement: its loop, except `init` and `mailbox`.
package final class Worker {
  package let number: Int
  package let loop: EventLoop
  package let pool: BufferPool
  package let shard: MetricShard
  package let metrics: WorkerMetrics
  package let accessLog: AccessLog?
  /// Of what seldom happens.
  package let rare: RareCounters
  /// Is told of breakers that change and endpoints that are ejected; any thread.
  private let reportEvent: (@Sendable (PolicyEvent) -> Void)?
  package var random: RandomSource
  package var timestamps = Timestamps()
  package private(set) var snapshot: Snapshot
  /// Connections of clients, over all workers.
  let connectionLimits: ResourceLimits
  /// All workers of the process, this one included, by number.
  package var peers: [WorkerHandle] = []
  package private(set) var isDraining = false
  private var upstreams: [String: WorkerUpstream] = [:]
  /// By `ListenerSnapshot.key`.
  private var listeners: [String: Listener] = [:]
  private var connections: [DownstreamConnection] = []
  /// Where the next scrape begins to count bytes.
  private var nextCounted = 0
  private var exchanges: [Exchange] = []
  /// Of exchanges that ended; for `/explain`.
  var explainRing: ExplainRing
  var refusalRate = RefusalRate()
  /// From here on an exchange is slow.
  private(set) var explainSlowNanoseconds: Int64
  private var heartbeat: Heartbeat?
  private var whenEmpty: (() -> Void)?

  package init(
    number: Int, loop: EventLoop, snapshot: Snapshot, shard: MetricShard, metrics: WorkerMetrics,
    connectionLimits: ResourceLimits, buffers: BufferBudget, accessLog: AccessLog?,
    rare: RareCounters, seed: UInt64, report: (@Sendable (PolicyEvent) -> Void)? = nil
  ) throws(Errno) {
    self.number = number
    self.loop = loop
    self.shard = shard
    self.metrics = metrics
    self.connectionLimits = connectionLimits
    self.accessLog = accessLog
    self.snapshot = snapshot
    self.rare = rare
    reportEvent = report
    explainRing = ExplainRing(capacity: snapshot.settings.explainEntries)
    explainSlowNanoseconds = snapshot.settings.explainSlowNanoseconds
    pool = BufferPool(budget: buffers)
    random = RandomSource(seed: seed)
    installUpstreams(of: snapshot)
    heartbeat = try Heartbeat(on: loop) { [unowned self] in flushLog() }
    loop.turnEnded = { nanoseconds in
      shard.observe(metrics.turns, nanoseconds, bounds: HistogramBounds.turns)
    }
  }

  /// Starts the listeners of the first snapshot. Call once, before the loop runs.
  package func listen(on sockets: [Int: Int32]) {
    installListeners(of: snapshot, sockets)
  }

  /// Serves by `snapshot` from now on. `sockets`: bound ones for listeners that are new, by their
  /// position in the snapshot. Returns the snapshot before, to be freed elsewhere.
  @discardableResult
  package func install(_ snapshot: Snapshot, sockets: [Int: Int32]) -> Snapshot {
    installUpstreams(of: snapshot)
    installListeners(of: snapshot, sockets)
    let before = self.snapshot
    self.snapshot = snapshot
    adoptExplain(snapshot.settings)
    // A limit may have been raised.
    for upstream in upstreams.values { upstream.tryWaiting() }
    return before
  }

  private func installListeners(of snapshot: Snapshot, _ sockets: [Int: Int32]) {
    var kept: [String: Listener] = [:]
    for (index, current) in snapshot.listeners.enumerated() {
      if let known = listeners.removeValue(forKey: current.key) {
        known.update(snapshot, current)
        kept[current.key] = known
      } else if let socket = sockets[index] {
        let listener = Listener(worker: self, snapshot: snapshot, current: current)
        do throws(Errno) {
          try listener.start(socket, isShared: current.settings.address.ip != nil)
          kept[current.key] = listener
        } catch {
          loop.kernel.close(socket)
        }
      }
    }
    for listener in listeners.values { listener.stop() }
    listeners = kept
    drainIdleConnections()
  }

  private func installUpstreams(of snapshot: Snapshot) {
    var kept: [String: WorkerUpstream] = [:]
    for (plan, metrics) in zip(snapshot.plans, snapshot.metrics) {
      let upstream: WorkerUpstream
      if let known = upstreams.removeValue(forKey: plan.name) {
        known.update(plan)
        upstream = known
      } else {
        upstream = WorkerUpstream(plan, metrics, worker: self)
      }
      kept[plan.name] = upstream
      snapshot.upstreams.append(upstream)
    }
    for listener in snapshot.listeners { listener.targets = snapshot.upstreams }
    for upstream in upstreams.values { upstream.retire() }
    upstreams = kept
  }

  /// Stops to accept; what was queued is served.
  package func closeListeners() {
    for listener in listeners.values { listener.stop() }
    listeners = [:]
  }

  private func adoptExplain(_ settings: ProxySettings) {
    explainSlowNanoseconds = settings.explainSlowNanoseconds
    if settings.explainEntries != explainRing.capacity {
      explainRing.resize(to: settings.explainEntries)
    }
  }

  /// What is known of the requests with this id, the latest first.
  package func explain(_ id: [UInt8]) -> [ExchangeTrace] { explainRing.find(id) }

  /// The latest exchanges that failed, were tried again or were slow, at most `most` of those that
  /// `filter` takes.
  package func latestExplained(_ most: Int, _ filter: ExplainFilter) -> [ExchangeTrace] {
    explainRing.latest(most, filter, at: loop.kernel.unixNanoseconds())
  }

  package func upstream(_ name: String) -> WorkerUpstream? { upstreams[name] }

  // MARK: Connections

  package var connectionCount: Int { connections.count }

  func add(_ connection: DownstreamConnection) {
    connection.position = connections.count
    connections.append(connection)
    shard.add(metrics.connectionsAccepted)
    shard.add(metrics.connectionsActive)
  }

  func remove(_ connection: DownstreamConnection) {
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.position] = last
      last.position = connection.position
    }
    countBytes(connection)
    shard.subtract(metrics.connectionsActive)
    connectionLimits.release(.connections)
    if connections.isEmpty, let done = whenEmpty {
      whenEmpty = nil
      done()
    }
  }

  /// An exchange for a request that begins.
  func takeExchange() -> Exchange {
    shard.add(metrics.requestsActive)
    return exchanges.popLast() ?? Exchange(worker: self)
  }

  func give(_ exchange: Exchange) {
    shard.subtract(metrics.requestsActive)
    if exchanges.count < 256 { exchanges.append(exchange) }
  }

  func report(_ event: PolicyEvent) { reportEvent?(event) }

  // MARK: Drain

  /// Idle connections close, others after their answer, which says so. `done` is called when none
  /// is left.
  package func drain(done: @escaping () -> Void) {
    isDraining = true
    drainIdleConnections()
    if connections.isEmpty { done() } else { whenEmpty = done }
  }

  private func drainIdleConnections() {
    for connection in connections where connection.isDraining { connection.drain() }
  }

  /// The drain's time is up.
  package func abandonAll() {
    for connection in Array(connections) { connection.abandon(.drainTimeout) }
  }

  // MARK: Limits across workers

  func askOthersToReclaim(_ name: String) {
    for peer in peers where peer.number != number {
      peer.post { $0.upstream(name)?.reclaim() }
    }
  }

  func tellConnectionFreed(_ name: String, worker: Int) {
    guard worker < peers.count else { return }
    peers[worker].post { $0.upstream(name)?.tryWaiting() }
  }

  /// Makes a slot of `limits`, which we hold, `worker`'s.
  func giveSlot(_ name: String, _ limits: ResourceLimits, to worker: Int) {
    peers[worker].post {
      if let upstream = $0.upstream(name), upstream.limits === limits {
        upstream.takeSlot()
      } else {
        limits.release(.connections)
      }
    }
  }

  // MARK: Log and metrics

  /// Lines are written at the latest this long after their request.
  private static let logDelay = Duration.milliseconds(200)

  func logWritten() {
    guard let heartbeat, !heartbeat.isArmed else { return }
    heartbeat.arm(at: loop.now.advanced(by: Self.logDelay))
  }

  package func flushLog() {
    accessLog?.flush()
    if accessLog?.isEmpty == false { logWritten() }
  }

  private func countBytes(_ connection: DownstreamConnection) {
    let moved = connection.takeUncounted()
    shard.add(metrics.receivedBytes, moved.received)
    shard.add(metrics.sentBytes, moved.sent)
  }

  /// Connections whose bytes one scrape counts, so that its turn stays short; of more, the next
  /// scrape goes on where this one ended.
  private static let countedPerScrapeMax = 4096

  private func countBytes() {
    for _ in 0..<min(connections.count, Self.countedPerScrapeMax) {
      if nextCounted >= connections.count { nextCounted = 0 }
      countBytes(connections[nextCounted])
      nextCounted += 1
    }
  }

  /// The shard's values, gauges brought up to date; the loop's part of a scrape.
  package func scrape() -> [UInt64] {
    countBytes()
    shard.set(metrics.bufferBytes, UInt64(pool.bytesLent))
    shard.set(metrics.bufferRefusals, pool.refusals)
    shard.set(metrics.logLinesDropped, accessLog?.dropped ?? 0)
    return shard.values
  }
}
