import DataPath
import Discovery
import Dispatch
import Logging
import Primitives
import ProxyConfiguration
import Reactor
import Routing
import Telemetry

/// Reloads: what changes while it serves.
extension ControlPlane {
  /// The file and the names are looked at every second.
  func startTimer() {
    let timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + .seconds(1), repeating: .seconds(1))
    timer.setEventHandler { [weak self] in self?.tick() }
    timer.resume()
    self.timer = timer
  }

  private func tick() {
    guard phase == .serving else { return }
    let stamp = file.stamp
    // A file that is gone for a moment is being replaced.
    if let stamp, stamp != lastStamp {
      log.info("the configuration file has changed", metadata: ["file": "\(file.path)"])
      loadAnew()
    }
    lookAtIdentities()
    resolveDue()
    lookAtUpstreams()
    advanceBreakers()
    registry.forgetExpired(at: kernel.now())
  }

  /// Series of what is gone go, counters after a while.
  private func forgetSeries() {
    var living = LivingLabels(upstreams: Set(configuration.upstreams.lazy.map(\.name)))
    for listener in configuration.listeners {
      living.add(listener: listener.name, route: "none", upstream: "none")
      for route in listener.routes {
        var names = route.upstreams
        if case .upstream(let name)? = route.fallback { names.append(name) }
        for name in names.isEmpty ? ["none"] : names {
          living.add(listener: listener.name, route: route.name, upstream: name)
        }
      }
    }
    registry.keep(living, at: kernel.now())
  }

  /// Loads the file again; a bad one changes nothing.
  package func reload() {
    queue.async { self.loadAnew() }
  }

  private func loadAnew() {
    guard phase == .serving else { return }
    guard pendingReload == nil, !isLoading else {
      isReloadWanted = true
      return
    }
    if file.isStandardInput {
      return refuse([
        "the configuration came from standard input, which is read once; start with a file"
      ])
    }
    lastStamp = file.stamp
    isLoading = true
    // A large file takes seconds, in which the control queue has drains and pages to see to.
    loadQueue.async { [self] in
      ThisProcess.giveWay()
      let result = Result { () throws(ConfigurationFaults) in try file.load() }
      queue.async { self.loaded(result) }
    }
  }

  private func loaded(_ result: Result<Configuration, ConfigurationFaults>) {
    isLoading = false
    guard phase == .serving else { return }
    do throws(ConfigurationFaults) {
      let fresh = try result.get()
      // Names that are new are known first: a route that moves to a new upstream must not fail.
      let unknown = Self.names(of: fresh).filter { !resolution.isKnown($0) }
      guard !unknown.isEmpty else {
        apply(fresh)
        return loadWanted()
      }
      reloadNumber += 1
      let number = reloadNumber
      pendingReload = (fresh, unknown)
      look(up: unknown)
      after(Self.namesPatience) { [self] in
        if reloadNumber == number { finishReload() }
      }
    } catch {
      refuse(error.faults.map(\.description))
      loadWanted()
    }
  }

  private func loadWanted() {
    guard isReloadWanted else { return }
    isReloadWanted = false
    loadAnew()
  }

  /// The names of a reload are known, or are not waited for any longer.
  func finishReload() {
    guard let (fresh, _) = pendingReload else { return }
    pendingReload = nil
    guard phase == .serving else { return }
    apply(fresh)
    loadWanted()
  }

  private func apply(_ fresh: Configuration) {
    guard let workers else { return }
    let tables: [[RouteTable]]
    do throws(RouteFault) {
      tables = try SnapshotBuilder.tables(fresh, count: workers.handles.count)
    } catch {
      return refuse(["a route cannot be built: \(error.message)"])
    }
    let prepared: Identities.Table
    do throws(IdentityFault) {
      prepared = try identities.prepare(fresh)
    } catch {
      return refuse([error.message])
    }
    do throws(ListenerSockets.Fault) {
      let sockets = try openListeners(fresh, count: workers.handles.count)
      identities.adopt(prepared)
      publishIdentities()
      warnOfFixed(fresh)
      warn(of: fresh)
      configuration = fresh
      LevelledLog.format = fresh.logFormat
      shareDescriptors(workers.handles.count)
      resolution.keep(only: Self.names(of: fresh))
      answerAll()
      // All names are asked for anew at the next tick.
      nextResolve = [:]
      install(sockets, tables)
      lastReloadFaults = []
      reloads += 1
      processMetrics?.reloaded(true)
      log.info("reloaded", metadata: ["reloads": "\(reloads)"])
    } catch {
      refuse([error.message])
    }
  }

  private func refuse(_ faults: [String]) {
    lastReloadFaults = faults
    processMetrics?.reloaded(false)
    for fault in faults {
      log.error(
        "the reload was refused; the old configuration stays", metadata: ["fault": "\(fault)"])
    }
  }

  /// What is good and most likely not meant so.
  func warn(of fresh: Configuration) {
    for warning in fresh.warnings {
      log.warning(
        "\(warning.message)",
        metadata: ["place": "\(warning.file):\(warning.line):\(warning.column)"])
    }
  }

  /// What cannot change without a restart.
  private func warnOfFixed(_ fresh: Configuration) {
    let old = configuration
    var fixed: [String] = []
    if fresh.workers != old.workers { fixed.append("workers") }
    if fresh.adminAddress != old.adminAddress { fixed.append("admin.address") }
    if fresh.adminPublic != old.adminPublic { fixed.append("admin.public") }
    if fresh.bufferBytesMax != old.bufferBytesMax { fixed.append("limits.buffers") }
    if fresh.accessLog?.path != old.accessLog?.path { fixed.append("telemetry.access_log.path") }
    for key in fixed {
      log.warning("a change of this key needs a restart", metadata: ["key": "\(key)"])
    }
  }

  /// Binds listeners that are new: for each worker, sockets by the listener's position.
  func openListeners(
    _ configuration: Configuration, count: Int
  ) throws(ListenerSockets.Fault) -> [[Int: Int32]] {
    var sockets = [[Int: Int32]](repeating: [:], count: count)
    var fresh: [String: SocketAddress] = [:]
    let ownPorts = Set(bound.values.compactMap(\.port))
    let ownPaths = Set(paths.keys)
    do throws(ListenerSockets.Fault) {
      for (index, listener) in configuration.listeners.enumerated() {
        let key = Self.key(listener)
        if let known = bound[key] {
          fresh[key] = known
          setMode(listener)
          continue
        }
        let (descriptors, actual) = try ListenerSockets.open(
          listener.address, mode: listener.socketMode, count: count, kernel: kernel,
          ownPorts: ownPorts, ownPaths: ownPaths)
        fresh[key] = actual
        if let path = actual.path { paths[path] = SystemFile.stamp(path) }
        for (number, descriptor) in descriptors.enumerated() { sockets[number][index] = descriptor }
      }
    } catch {
      for descriptor in sockets.flatMap(\.values) { kernel.close(descriptor) }
      removePaths(keeping: boundPaths)
      throw error
    }
    bound = fresh
    removePaths(keeping: boundPaths)
    return sockets
  }

  /// A listener that is kept may have been given another mode.
  private func setMode(_ listener: ListenerConfiguration) {
    guard let path = listener.address.path, let mode = listener.socketMode else { return }
    do throws(Errno) {
      try SystemFile.setMode(path, UInt32(mode))
    } catch {
      log.error(
        "the mode of a socket's file cannot be changed",
        metadata: ["path": "\(path)", "error": "\(error)"])
    }
  }

  private var boundPaths: Set<String> {
    Set(
      (Array(bound.values) + [adminAddress, publicAddress].compactMap(\.self)).compactMap(\.path))
  }

  /// Removes the files of listeners that are gone; who connects then learns that nobody is there.
  func removePaths(keeping kept: Set<String>) {
    for (path, stamp) in paths where !kept.contains(path) {
      if SystemFile.stamp(path) == stamp { SystemFile.remove(path) }
      paths[path] = nil
    }
  }

  /// `tables`: the routes of `configuration`.
  func install(_ sockets: [[Int: Int32]], _ tables: [[RouteTable]]) {
    guard let workers else { return }
    let snapshots = builder.build(
      configuration, tables, answers: answers, shards: workers.shards, now: kernel.now())
    let names = Set(configuration.upstreams.lazy.map(\.name))
    healthCauses = healthCauses.filter { names.contains($0.key) }
    noteBuilt()
    publishMachines()
    forgetSeries()
    watchHealth()
    let slots = registry.slotCount
    let queue = queue
    for handle in workers.handles {
      let snapshot = snapshots[handle.number]
      let own = sockets[handle.number]
      handle.post { worker in
        worker.shard.reserve(slots)
        let (before, faults) = worker.install(snapshot, sockets: own)
        let number = worker.number
        queue.async { [self] in
          // Freed here, unless requests still keep it.
          withExtendedLifetime(before) {}
          for fault in faults { note(Self.describe(fault, number)) }
        }
      }
    }
  }

  /// A reload that was good as a file, and that the system did not allow.
  private func note(_ fault: String) {
    lastReloadFaults.append(fault)
    processMetrics?.reloaded(false)
    log.error("a listener is missing after the reload", metadata: ["fault": "\(fault)"])
  }

  // MARK: Log

  /// Opens the access log anew, for a file that was moved away.
  package func reopenLogs() {
    queue.async { [self] in
      guard let logFile, let logSink else {
        return log.notice("SIGUSR1 has nothing to open anew: there is no access log")
      }
      let log = log
      let path = configuration.accessLog?.path ?? "-"
      logSink.perform {
        do throws(Errno) {
          try logFile.reopen()
          log.notice("the access log was opened anew", metadata: ["path": "\(path)"])
        } catch {
          log.error("the access log cannot be opened anew", metadata: ["error": "\(error)"])
        }
      }
    }
  }
}
