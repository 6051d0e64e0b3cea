import Primitives
import Reactor
import Telemetry
import Transport
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
  /// Counters of what seldom happens.
  package let rare: RareCounters
  /// Is told of breakers that change and endpoints that are ejected; any thread.
  private let reportEvent: (@Sendable (PolicyEvent) -> Void)?
  package var random: RandomSource
  package var timestamps = Timestamps()
  /// For when requests began: another second than that of their ends.
  var startTimestamps = Timestamps()
  /// Weir's own log is at `debug`: it is told of each request that ends.
  package var tellsRequests = false
  /// Any thread.
  private let reportRequest: (@Sendable (RequestNote) -> Void)?
  package private(set) var snapshot: Snapshot
  /// What descriptors connections may take, over all workers.
  let descriptors: DescriptorBudget
  /// All workers of the process, this one included, by number.
  package var peers: [WorkerHandle] = []
  /// Clients are told to go elsewhere.
  package private(set) var isDraining = false
  /// Idle connections are closed, too.
  private(set) var isClosing = false
  private(set) var upstreams: [String: WorkerUpstream] = [:]
  /// By `ListenerSnapshot.key`.
  private var listeners: [String: Listener] = [:]
  /// Those that take what is queued and then close.
  private var stopping: [Listener] = []
  private(set) var connections: [DownstreamConnection] = []
  /// Where the next look for an idle connection begins.
  var nextIdleLook = 0
  /// When the other workers were last asked to make room for a client, and for a connection to an
  /// endpoint.
  var roomAskedAt = Instant(nanoseconds: 0)
  var idleAskedAt = Instant(nanoseconds: 0)
  /// Where the next scrape begins to count bytes.
  private var nextCounted = 0
  private var streams: [HTTP1DownstreamStream] = []
  private var http2Streams: [HTTP2DownstreamStream] = []
  /// The exchanges that ended, for `/explain`.
  var explainRing: ExplainRing
  var refusalRate = RefusalRate()
  var handshakes = HandshakeTally()
  /// Headers of the PROXY protocol that were refused are told so many a second.
  var headerRefusals = RefusalRate()
  /// From here on an exchange is slow.
  private(set) var explainSlowNanoseconds: Int64
  private var heartbeat: Heartbeat?
  private var whenEmpty: (() -> Void)?

  package init(
    number: Int, loop: EventLoop, snapshot: Snapshot, shard: MetricShard, metrics: WorkerMetrics,
    descriptors: DescriptorBudget, buffers: BufferBudget, accessLog: AccessLog?,
    rare: RareCounters, seed: UInt64, report: (@Sendable (PolicyEvent) -> Void)? = nil,
    reportRequest: (@Sendable (RequestNote) -> Void)? = nil
  ) throws(Errno) {
    self.reportRequest = reportRequest
    self.number = number
    self.loop = loop
    self.shard = shard
    self.metrics = metrics
    self.descriptors = descriptors
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

  /// A listener that this worker could not start.
  package struct ListenerFault: Error, Equatable, Sendable {
    package var listener: String
    package var error: Errno
  }

  /// Starts the listeners of the first snapshot. Call once, before the loop runs. Answers those that
  /// could not be started; their sockets are closed.
  package func listen(on sockets: [Int: Int32]) -> [ListenerFault] {
    installListeners(of: snapshot, sockets)
  }

  /// Serves by `snapshot` from now on. `sockets`: bound ones for listeners that are new, by their
  /// position in the snapshot. Returns the snapshot before, to be freed elsewhere, and the listeners
  /// that could not be started.
  package func install(
    _ snapshot: Snapshot, sockets: [Int: Int32]
  ) -> (before: Snapshot, faults: [ListenerFault]) {
    installUpstreams(of: snapshot)
    let faults = installListeners(of: snapshot, sockets)
    let before = self.snapshot
    self.snapshot = snapshot
    adoptExplain(snapshot.settings)
    // A limit may have been raised.
    for upstream in upstreams.values { upstream.tryWaiting() }
    return (before, faults)
  }

  /// The endpoints of an upstream have changed, and nothing else. One that is not there any more is
  /// passed over. Returns the plan before, to be freed elsewhere.
  package func install(_ plan: UpstreamPlan) -> UpstreamPlan? {
    guard let upstream = upstreams[plan.name], upstream.limits === plan.limits else { return nil }
    let before = upstream.plan
    upstream.update(plan)
    upstream.tryWaiting()
    return before
  }

  private func installListeners(
    of snapshot: Snapshot, _ sockets: [Int: Int32]
  ) -> [ListenerFault] {
    var kept: [String: Listener] = [:]
    var faults: [ListenerFault] = []
    for (index, current) in snapshot.listeners.enumerated() {
      if let known = listeners.removeValue(forKey: current.key) {
        known.update(current)
        kept[current.key] = known
      } else if let socket = sockets[index] {
        let listener = Listener(worker: self, current: current)
        do throws(Errno) {
          try listener.start(socket, isShared: current.settings.address.ip != nil)
          kept[current.key] = listener
        } catch {
          loop.kernel.close(socket)
          faults.append(ListenerFault(listener: current.settings.name, error: error))
        }
      }
    }
    stop(Array(listeners.values))
    listeners = kept
    drainIdleConnections()
    return faults
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

  /// What is queued for them is served.
  private func stop(_ listeners: [Listener]) {
    stopping += listeners
    for listener in listeners { listener.stop() }
  }

  /// `listener` has closed.
  func listenerStopped(_ listener: Listener) {
    stopping.removeAll { $0 === listener }
    endIfEmpty()
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

  var unixSeconds: Int64 { loop.kernel.unixNanoseconds() / 1_000_000_000 }

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
    if connections.isEmpty { endIfEmpty() }
  }

  /// Nobody is left, and nobody comes: the drain is over.
  private func endIfEmpty() {
    guard connections.isEmpty, stopping.isEmpty, let done = whenEmpty else { return }
    whenEmpty = nil
    done()
  }

  /// Streams, each with its exchange, that are kept for the next requests.
  private static let streamsKeptMax = 256

  /// A stream for a request that begins.
  func takeStream() -> HTTP1DownstreamStream {
    shard.add(metrics.requestsActive)
    return streams.popLast() ?? HTTP1DownstreamStream(worker: self)
  }

  func give(_ stream: HTTP1DownstreamStream) {
    shard.subtract(metrics.requestsActive)
    if streams.count < Self.streamsKeptMax { streams.append(stream) } else { stream.exchange.end() }
  }

  /// The same for one on an HTTP/2 connection.
  func takeHTTP2Stream() -> HTTP2DownstreamStream {
    shard.add(metrics.requestsActive)
    return http2Streams.popLast() ?? HTTP2DownstreamStream(worker: self)
  }

  func give(_ stream: HTTP2DownstreamStream) {
    shard.subtract(metrics.requestsActive)
    guard http2Streams.count < Self.streamsKeptMax else { return stream.exchange.end() }
    http2Streams.append(stream)
  }

  func report(_ event: PolicyEvent) { reportEvent?(event) }
  func tell(_ note: RequestNote) { reportRequest?(note) }

  // MARK: Drain

  /// From here on every answer says that its connection closes, and it does. Listeners go on, and
  /// idle connections stay: their clients learn of it with their next answer.
  package func announceDrain() { isDraining = true }

  /// The listeners close, and idle connections after a short grace. `done` is called when nobody is
  /// left.
  package func drain(done: @escaping () -> Void) {
    isDraining = true
    isClosing = true
    whenEmpty = done
    stop(Array(listeners.values))
    listeners = [:]
    drainIdleConnections()
    endIfEmpty()
  }

  private func drainIdleConnections() {
    for connection in connections where isClosing || connection.listener.isStopping {
      connection.drain()
    }
  }

  /// The drain's time is up.
  package func abandonAll() {
    for connection in Array(connections) { connection.abandon(.drainTimeout) }
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
