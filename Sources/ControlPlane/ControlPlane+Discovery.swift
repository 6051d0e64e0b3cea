import DataPath
import Discovery
import Dispatch
import Logging
import Primitives
import ProxyConfiguration
import Reactor

/// Endpoints by name: asked for beside the control queue, which answers probes and drains, and
/// noted on it.
extension ControlPlane {
  /// How long a start or a reload waits for names it has never asked for. After that it goes on
  /// without them (`name_unresolved`): a name server that hangs does not keep the others from
  /// being served.
  static let namesPatience = Duration.seconds(1)

  static func names(of configuration: Configuration) -> Set<String> {
    Set(configuration.upstreams.flatMap { EndpointResolution.names($0.endpoints.map(\.address)) })
  }

  /// The first answers. Waits; at the start the control queue has nobody else to serve.
  func resolveFirst() {
    let names = Self.names(of: configuration)
    if !names.isEmpty {
      let all = DispatchSemaphore(value: 0)
      let found = Lock<[(String, [SocketAddress]?)]>([])
      lookingUp = names
      lookups.look(up: Array(names)) { [self] name, addresses in
        let isLast = found.withLock { known in
          known.append((name, addresses))
          return known.count == names.count
        }
        if isLast { all.signal() }
        queue.async { self.note(name, addresses) }
      }
      _ = all.wait(
        timeout: .now() + .nanoseconds(Int(Self.namesPatience.nanosecondsClamped)))
      for (name, addresses) in found.withLock({ $0 }) { resolution.note(name, addresses) }
    }
    answerAll()
    let now = kernel.now()
    for upstream in configuration.upstreams {
      nextResolve[upstream.name] = now.advanced(by: upstream.resolveInterval)
    }
  }

  /// The endpoints of every upstream, by what is known now.
  func answerAll() {
    answers = [:]
    for upstream in configuration.upstreams { answers[upstream.name] = answer(upstream) }
  }

  private func answer(_ upstream: UpstreamConfiguration) -> EndpointResolution.Answer {
    resolution.answer(upstream.endpoints.map { ($0.address, $0.weight) })
  }

  /// Asks for `names`, those left out that are being asked for.
  func look(up names: some Sequence<String>) {
    let fresh = names.filter { !lookingUp.contains($0) }
    guard !fresh.isEmpty else { return }
    lookingUp.formUnion(fresh)
    lookups.look(up: fresh) { [self] name, addresses in
      queue.async { self.note(name, addresses) }
    }
  }

  private func note(_ name: String, _ addresses: [SocketAddress]?) {
    lookingUp.remove(name)
    guard phase == .serving else { return }
    resolution.note(name, addresses)
    if addresses == nil {
      log.warning(
        "a name cannot be resolved; its last good addresses stay", metadata: ["name": "\(name)"])
    }
    if pendingReload?.names.remove(name) != nil, pendingReload?.names.isEmpty == true {
      finishReload()
    }
    guard !isRefreshDue else { return }
    // One look at all names that are answered together.
    isRefreshDue = true
    after(.milliseconds(20)) { [self] in refreshEndpoints() }
  }

  private func refreshEndpoints() {
    isRefreshDue = false
    guard phase == .serving else { return }
    for upstream in configuration.upstreams { setEndpoints(of: upstream, answer(upstream)) }
  }

  /// How long changes of one upstream are gathered after one was installed: ten a second at most.
  static let installPause = Duration.milliseconds(100)

  /// The endpoints of an upstream are these from now on, for whoever finds them other than by name. Any
  /// thread; an upstream that is not there is passed over.
  package func setEndpoints(of name: String, _ endpoints: [EndpointResolution.Endpoint]) {
    queue.async { [self] in
      guard phase == .serving,
        let upstream = configuration.upstreams.first(where: { $0.name == name })
      else { return }
      setEndpoints(
        of: upstream, EndpointResolution.Answer(endpoints: endpoints, failedNames: []))
    }
  }

  /// The endpoints of `upstream` are those of `answer` from now on. What is the same costs a comparison;
  /// a change goes to the workers at once, or together with others that follow it.
  func setEndpoints(of upstream: UpstreamConfiguration, _ answer: EndpointResolution.Answer) {
    guard answer != answers[upstream.name] else { return }
    answers[upstream.name] = answer
    guard !gathering.contains(upstream.name) else { return }
    installEndpoints(of: upstream.name)
  }

  /// Gives the workers the endpoints that are known now, where they have others.
  private func installEndpoints(of name: String) {
    guard phase == .serving, let workers,
      let upstream = configuration.upstreams.first(where: { $0.name == name }),
      let answer = answers[name]
    else { return }
    let plan = builder.plan(of: upstream, in: configuration, answer, now: kernel.now())
    noteBuilt()
    publishMachinesInTurn()
    if upstream.healthCheck != nil { watchHealth() }
    log.info(
      "endpoints have changed",
      metadata: ["upstream": "\(name)", "endpoints": "\(plan.endpoints.count)"])
    gathering.insert(name)
    let queue = queue
    for handle in workers.handles {
      handle.post { worker in
        let before = worker.install(plan)
        // Freed here, unless requests still keep it.
        queue.async { withExtendedLifetime(before) {} }
      }
    }
    after(Self.installPause) { [self] in
      gathering.remove(name)
      if answers[name] != answer { installEndpoints(of: name) }
    }
  }

  /// Asks again for names whose time has come.
  func resolveDue() {
    let now = kernel.now()
    var due: Set<String> = []
    for upstream in configuration.upstreams where now >= nextResolve[upstream.name] ?? now {
      nextResolve[upstream.name] = now.advanced(by: upstream.resolveInterval)
      due.formUnion(EndpointResolution.names(upstream.endpoints.map(\.address)))
    }
    look(up: due)
  }
}
