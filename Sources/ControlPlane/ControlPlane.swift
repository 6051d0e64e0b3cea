import DataPath
import Discovery
import Dispatch
import Logging
import Primitives
import ProxyConfiguration
import Reactor
import Routing
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
/// How it stops is `ControlPlane+Drain`.
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
  let policyGauges = PolicyGauges()
  let controlCounters: ControlCounters
  let statusPages = StatusPages()
  /// Why endpoints are unhealthy, by upstream and address.
  var healthCauses: [String: [String: String]] = [:]
  /// The change of each upstream's availability that a worker was asked to look at.
  var lookedAt: [String: UInt64] = [:]
  let lookups: NameLookups
  var resolution = EndpointResolution()
  let identities: Identities
  var phase = Phase.starting {
    // A drain is told by the pages once the workers have heard of it (`beginDrain`).
    didSet { if phase != .draining { statusPages.set(phase: phase) } }
  }
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
  /// Where `admin.public` is bound.
  var publicAddress: SocketAddress?
  var lastStamp: SystemFile.Stamp?
  var lastReloadFaults: [String] = [] {
    didSet { statusPages.set(reloadFaults: lastReloadFaults) }
  }
  var reloads = 0
  var timer: (any DispatchSourceTimer)?
  var nextResolve: [String: Instant] = [:]
  /// Names that are being asked for.
  var lookingUp: Set<String> = []
  var isRefreshDue = false
  /// Upstreams whose endpoints were changed a moment ago: what changes now is gathered.
  var gathering: Set<String> = []
  /// The file is being read and checked, beside the control queue.
  var isLoading = false
  let loadQueue = DispatchQueue(label: "weir.load")
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
  private(set) var whenEnded: (@Sendable () -> Void)?
  /// What was asked for while it drained, or before it served.
  var stops = StopRequests()
  /// A stop that came while it started.
  var earlyStop: StopRequests.Source?
  /// The status pages tell of the drain, and who waits for that.
  var isDrainKnown = false
  var waitForDrain: [@Sendable () -> Void] = []
  /// Gauges of machines are brought up to date within the second.
  var isPublishDue = false
  /// The listeners are closed.
  var isClosing = false
  /// RLIMIT_NOFILE, and what was open before anything began.
  private(set) var descriptorLimit = 0
  private(set) var descriptorsOpen = 0
  private(set) var descriptors = DescriptorBudget(clients: 0, refused: 0, endpoints: 0)

  package init(
    file: ConfigurationFile, log: Logger, lookups: NameLookups = NameLookups()
  ) throws(ConfigurationFaults) {
    self.file = file
    self.lookups = lookups
    self.log = log
    lastStamp = file.stamp
    configuration = try file.load()
    LevelledLog.format = configuration.logFormat
    identities = Identities(now: { LinuxKernel.monotonicNow })
    builder = SnapshotBuilder(registry: registry, identities: identities)
    controlCounters = ControlCounters(registry)
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

  /// Where the status pages are public; nil: nowhere.
  package var publicAdmin: SocketAddress? { queue.sync { publicAddress } }

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
    let limit = ThisProcess.raiseDescriptorLimit()
    descriptorLimit = limit ?? 1 << 20
    descriptorsOpen = SystemFile.entryCount("/proc/self/fd")
    let count = configuration.workers ?? WorkerCount.decide()
    let plan = descriptorPlan(configuration, workers: count)
    descriptors = plan.budget
    processMetrics = ProcessMetrics(
      registry, version: Self.version, descriptorLimit: limit,
      startedAt: kernel.unixNanoseconds())
    processMetrics?.plan(plan)
    if let warning = plan.warning { log.warning("\(warning)") }
    warn(of: configuration)
    try openLog()
    do throws(IdentityFault) {
      identities.adopt(try identities.prepare(configuration))
    } catch {
      throw StartFault(description: error.message)
    }
    publishIdentities()
    resolveFirst()
    try makeWorkers(count)
    try startControlLoop(plan)
    phase = .serving
    watchHealth()
    startTimer()
    log.info(
      "serving",
      metadata: [
        "workers": "\(count)", "descriptors": "\(limit ?? 0)",
        "listeners": "\(bound.values.map(\.description).sorted().joined(separator: " "))",
        "admin": "\(adminAddress.map(\.description) ?? "none")",
      ])
    if let earlyStop { stop(earlyStop) }
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
    let tables: [[RouteTable]]
    do throws(RouteFault) {
      tables = try SnapshotBuilder.tables(configuration, count: count)
    } catch {
      throw StartFault(description: "a route cannot be built: \(error.message)")
    }
    let sockets: [[Int: Int32]]
    do throws(ListenerSockets.Fault) {
      sockets = try openListeners(configuration, count: count)
    } catch {
      throw StartFault(description: error.message)
    }
    let shards = (0..<count).map { _ in MetricShard() }
    let metrics = WorkerMetrics(registry)
    let snapshots = builder.build(
      configuration, tables, answers: answers, shards: shards, now: kernel.now())
    let buffers = BufferBudget(bytesMax: configuration.bufferBytesMax, pools: count)
    var made: [Worker] = []
    do throws(Errno) {
      for number in 0..<count {
        shards[number].reserve(registry.slotCount)
        let worker = try Worker(
          number: number, loop: try EventLoop(kernel: LinuxKernel()),
          snapshot: snapshots[number], shard: shards[number], metrics: metrics,
          descriptors: descriptors, buffers: buffers,
          accessLog: logSink.map { AccessLog(sink: $0) },
          rare: RareCounters(registry, shards[number]),
          seed: UInt64.random(in: .min ... .max)
        ) { [self] event in
          queue.async { self.note(event) }
        } reportRequest: { [log] note in
          Self.note(note, log)
        }
        worker.tellsRequests = LevelledLog.level <= .debug
        made.append(worker)
      }
    } catch {
      throw StartFault(description: "a worker cannot start: \(error)")
    }
    for worker in made {
      for fault in worker.listen(on: sockets[worker.number]) {
        throw StartFault(description: Self.describe(fault, worker.number))
      }
    }
    workers = Workers(made, shards: shards, queue: queue)
    publishMachines()
  }

  static func describe(_ fault: Worker.ListenerFault, _ worker: Int) -> String {
    "the listener \(fault.listener) cannot start on worker \(worker): \(fault.error)"
  }

  /// The control loop, and on it the admin listener where one is configured.
  private func startControlLoop(_ plan: DescriptorPlan) throws(StartFault) {
    var admins: [ControlLoop.Admin] = []
    do throws(ListenerSockets.Fault) {
      if let address = configuration.adminAddress {
        let (descriptor, actual) = try openAdmin(address, configuration.adminSocketMode)
        adminAddress = actual
        admins.append(
          ControlLoop.Admin(descriptor: descriptor, connectionsMax: plan.admin) {
            [self] request, done in
            if statusPages.answer(request, done) { return }
            queue.async { self.answer(request, done) }
          })
      }
      if let address = configuration.adminPublic {
        let (descriptor, actual) = try openAdmin(address, nil)
        publicAddress = actual
        admins.append(
          ControlLoop.Admin(descriptor: descriptor, connectionsMax: plan.admin) {
            [self] request, done in answerPublic(request, done)
          })
      }
    } catch {
      throw StartFault(description: "admin: \(error.message)")
    }
    do throws(Errno) {
      controlLoop = try ControlLoop(
        registry: registry, log: log, seed: UInt64.random(in: .min ... .max), admins: admins,
        probesMax: plan.healthChecks,
        healthChanged: { [self] change in queue.async { self.note(change) } })
      serveMetrics()
    } catch {
      throw StartFault(description: "the control loop cannot start: \(error)")
    }
  }

  private func openAdmin(
    _ address: SocketAddress, _ mode: Int?
  ) throws(ListenerSockets.Fault) -> (descriptor: Int32, actual: SocketAddress) {
    let (descriptors, actual) = try ListenerSockets.open(
      address, mode: mode, count: 1, kernel: kernel)
    if let path = actual.path { paths[path] = SystemFile.stamp(path) }
    return (descriptors[0], actual)
  }

  func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void) {
    let nanoseconds = Int(clamping: delay.nanosecondsClamped)
    queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds), execute: work)
  }
}
