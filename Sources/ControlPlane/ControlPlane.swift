import DataPath
import Discovery
import Dispatch
import Logging
import Primitives
import ProxyConfiguration
import Reactor
import Telemetry
import Upstreams

/// Runs a proxy: from a configuration file to listening workers, through reloads, to the last byte
/// of the drain.
///
/// ```
/// start ── serving ──(SIGHUP, file change)── serving …
///            └──(SIGTERM, POST /drain)── draining: delay ── listeners closed ── empty ── ended
/// ```
///
/// Confinement: its queue, except `start`.
package final class ControlPlane: @unchecked Sendable {
  // SAFETY: everything below is used on `queue` only, once `start` has returned.
  package static let version = "0.1.0"

  enum Phase: String {
    case starting, serving, draining, ended
  }

  let file: ConfigurationFile
  let log: Logger
  let queue = DispatchQueue(label: "weir.control")
  let registry = MetricRegistry()
  let builder: SnapshotBuilder
  let policyGauges: PolicyGauges
  let controlShard = MetricShard()
  /// Of what operators do.
  let controlCounters: RareCounters
  /// Why endpoints are unhealthy, by upstream and address.
  var healthCauses: [String: [String: String]] = [:]
  let lookups: NameLookups
  var resolution = EndpointResolution()
  var phase = Phase.starting
  var configuration: Configuration
  var answers: [String: EndpointResolution.Answer] = [:]
  var workers: Workers?
  var processMetrics: ProcessMetrics?
  var logFile: LogFile?
  var logSink: LogSink?
  /// Addresses that are bound, by listener key as configured.
  var bound: [String: SocketAddress] = [:]
  /// The files of Unix-domain listeners, as they were made: another's file is not removed.
  var paths: [String: SystemFile.Stamp] = [:]
  var adminAddress: SocketAddress?
  var lastStamp: SystemFile.Stamp?
  var lastReloadFaults: [String] = []
  var reloads = 0
  var timer: (any DispatchSourceTimer)?
  var nextResolve: [String: Instant] = [:]
  /// Names that are being asked for.
  var lookingUp: Set<String> = []
  var isRefreshDue = false
  /// A reload that waits for names, and those.
  var pendingReload: (configuration: Configuration, names: Set<String>)?
  var reloadNumber = 0
  /// The file has changed while one waited.
  var isReloadWanted = false
  let kernel = LinuxKernel()
  /// Who is told of changes, beside the log.
  var observer: (@Sendable (MeshChange) -> Void)?
  /// From `start` on.
  private(set) var controlLoop: ControlLoop?
  private var whenEnded: (@Sendable () -> Void)?

  package init(
    file: ConfigurationFile, log: Logger, lookups: NameLookups = NameLookups()
  ) throws(ConfigurationFaults) {
    self.file = file
    self.lookups = lookups
    self.log = log
    lastStamp = file.stamp
    configuration = try file.load()
    builder = SnapshotBuilder(registry: registry)
    policyGauges = PolicyGauges(registry)
    controlCounters = RareCounters(registry, controlShard)
  }

  package struct StartFault: Error, CustomStringConvertible {
    package var description: String
  }

  /// Binds, starts the threads and serves. `ended` is called when the drain is over.
  package func start(ended: @escaping @Sendable () -> Void) throws(StartFault) {
    let result: Result<Void, StartFault> = queue.sync {
      Result { () throws(StartFault) in try begin(ended) }
    }
    try result.get()
  }

  /// Where the listeners are bound, by name, and the admin listener.
  package var addresses: (listeners: [String: SocketAddress], admin: SocketAddress?) {
    queue.sync {
      let named = configuration.listeners.compactMap { listener in
        bound[Self.key(listener)].map { (listener.name, $0) }
      }
      return (Dictionary(uniqueKeysWithValues: named), adminAddress)
    }
  }

  static func key(_ listener: ListenerConfiguration) -> String {
    "\(listener.name) \(listener.address)"
  }

  private func begin(_ ended: @escaping @Sendable () -> Void) throws(StartFault) {
    whenEnded = ended
    let descriptorLimit = ThisProcess.raiseDescriptorLimit()
    let count = configuration.workers ?? WorkerCount.decide()
    processMetrics = ProcessMetrics(
      registry, version: Self.version, descriptorLimit: descriptorLimit,
      startedAt: kernel.unixNanoseconds())
    warn(of: configuration)
    try openLog()
    resolveFirst()
    try makeWorkers(count)
    try startControlLoop()
    phase = .serving
    watchHealth()
    startTimer()
    log.info(
      "serving",
      metadata: [
        "workers": "\(count)", "descriptors": "\(descriptorLimit ?? 0)",
        "listeners": "\(bound.values.map(\.description).sorted().joined(separator: " "))",
        "admin": "\(adminAddress.map(\.description) ?? "none")",
      ])
  }

  private func openLog() throws(StartFault) {
    guard let settings = configuration.accessLog else { return }
    do throws(Errno) {
      let file = try LogFile(path: settings.path)
      logFile = file
      logSink = LogSink { file.write($0) }
    } catch {
      throw StartFault(
        description:
          "the access log \(settings.path) cannot be opened: \(error); check telemetry.access_log.path"
      )
    }
  }

  private func makeWorkers(_ count: Int) throws(StartFault) {
    let sockets: [[Int: Int32]]
    do throws(ListenerSockets.Fault) {
      sockets = try openListeners(configuration, count: count)
    } catch {
      throw StartFault(description: error.message)
    }
    let shards = (0..<count).map { _ in MetricShard() }
    let metrics = WorkerMetrics(registry)
    let snapshots = build(configuration, shards)
    let connections = ResourceLimits(
      connectionsMax: configuration.connectionsMax, pendingMax: 0, requestsMax: 0)
    let buffers = BufferBudget(bytesMax: configuration.bufferBytesMax, pools: count)
    var made: [Worker] = []
    do throws(Errno) {
      for number in 0..<count {
        shards[number].reserve(registry.slotCount)
        let worker = try Worker(
          number: number, loop: try EventLoop(kernel: LinuxKernel()),
          snapshot: snapshots[number], shard: shards[number], metrics: metrics,
          connectionLimits: connections, buffers: buffers,
          accessLog: logSink.map { AccessLog(sink: $0) },
          rare: RareCounters(registry, shards[number]),
          seed: UInt64.random(in: .min ... .max)
        ) { [self] event in
          queue.async { self.note(event) }
        }
        worker.listen(on: sockets[number])
        made.append(worker)
      }
    } catch {
      throw StartFault(description: "a worker cannot start: \(error)")
    }
    workers = Workers(made, shards: shards, queue: queue)
  }

  /// The control loop, and on it the admin listener where one is configured.
  private func startControlLoop() throws(StartFault) {
    var admin: Int32?
    do throws(ListenerSockets.Fault) {
      if let address = configuration.adminAddress {
        let (descriptors, actual) = try ListenerSockets.open(
          address, mode: configuration.adminSocketMode, count: 1, kernel: kernel)
        adminAddress = actual
        if let path = actual.path { paths[path] = SystemFile.stamp(path) }
        admin = descriptors[0]
      }
    } catch {
      throw StartFault(description: "admin: \(error.message)")
    }
    do throws(Errno) {
      let loop = try ControlLoop(
        registry: registry, log: log, seed: UInt64.random(in: .min ... .max),
        healthChanged: { [self] change in queue.async { self.note(change) } })
      controlLoop = loop
      guard let admin else { return }
      loop.serveAdmin(on: admin) { [self] request, done in
        queue.async { self.answer(request, done) }
      }
    } catch {
      throw StartFault(description: "the control loop cannot start: \(error)")
    }
  }

  // MARK: Drain

  /// Stops: readiness fails at once, then listeners close, then what is in flight ends.
  package func drain(delay: Duration? = nil) {
    queue.async { self.beginDrain(delay ?? self.configuration.drainDelay) }
  }

  private func beginDrain(_ delay: Duration) {
    guard phase == .serving else { return }
    phase = .draining
    let started = kernel.now()
    let deadline = started.advanced(by: configuration.drainTimeout)
    log.info(
      "draining", metadata: ["delay": "\(delay)", "timeout": "\(configuration.drainTimeout)"])
    after(delay) { [self] in
      guard let workers else { return }
      let left = deadline.nanoseconds(since: kernel.now())
      after(.nanoseconds(max(left, 0))) { [self] in
        guard phase == .draining else { return }
        log.warning("the drain's time is up; what is in flight is cut")
        for handle in self.workers?.handles ?? [] { handle.post { $0.abandonAll() } }
        after(.milliseconds(100)) { [self] in end() }
      }
      let count = workers.handles.count
      let empty = Lock(0)
      for handle in workers.handles {
        handle.post { worker in
          worker.closeListeners()
          worker.drain { [self] in
            if empty.withLock({ number in
              number += 1
              return number == count
            }) {
              queue.async { self.end() }
            }
          }
        }
      }
    }
  }

  private func end() {
    guard phase == .draining else { return }
    phase = .ended
    controlLoop?.checkHealth(of: [])
    workers?.stop()
    drainLog()
    removePaths(keeping: [])
    log.info("ended")
    whenEnded?()
  }

  /// Writes what is left of the access log; a reader that takes nothing does not hold the end up.
  private func drainLog() {
    guard let logSink, !logSink.drain(within: .seconds(1)) else { return }
    logFile?.giveUp()
    _ = logSink.drain(within: .seconds(1))
    log.warning(
      "lines of the access log were lost", metadata: ["lines": "\(logSink.linesLost)"])
  }

  func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void) {
    let nanoseconds = Int(clamping: delay.nanosecondsClamped)
    queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds), execute: work)
  }
}
