import HTTPServer
import Logging
import Primitives
import Reactor
import Telemetry

/// The thread of Weir's own connections: the admin listener and the health checks, on a loop beside
/// the workers', so that neither a scrape nor a probe holds a request up.
///
/// Runs from `init` to `stop`, through the drain and beyond it: the admin endpoints answer to the
/// end of the process. Others reach it by mail only. Confinement: none; any thread may call.
package final class ControlLoop: @unchecked Sendable {
  // SAFETY: `shard`, `checker` and `listener` belong to the loop's thread: they are made before it
  // begins and reached in its mail only; `thread` is set in init and used by `stop`, which its owner
  // calls once.
  private let loop: EventLoop
  private let shard = MetricShard()
  private let checker: HealthChecker
  private let listeners: [ServerListener]
  private var thread: LoopThread?

  /// Who serves the admin endpoints.
  package struct Admin {
    /// A listening socket, which the loop takes over.
    package var descriptor: Int32
    package var connectionsMax: Int
    package var respond: ServerListener.Responder

    package init(
      descriptor: Int32, connectionsMax: Int, respond: @escaping ServerListener.Responder
    ) {
      self.descriptor = descriptor
      self.connectionsMax = connectionsMax
      self.respond = respond
    }
  }

  /// `healthChanged`: called on this loop; it must not wait. `seed`: of jitter. `admins`: empty where no
  /// admin endpoints are served. `probesMax`: health checks at once.
  package init(
    registry: MetricRegistry, log: Logger, seed: UInt64, admins: [Admin] = [],
    probesMax: Int = HealthChecker.probesMax,
    healthChanged: @escaping @Sendable (HealthChange) -> Void
  ) throws(Errno) {
    loop = try EventLoop(kernel: LinuxKernel())
    checker = try HealthChecker(
      loop: loop, registry: registry, shard: shard, log: log, seed: seed, probesMax: probesMax,
      changed: healthChanged)
    var made: [ServerListener] = []
    for admin in admins {
      made.append(
        try ServerListener(
          loop: loop, descriptor: admin.descriptor,
          limits: ServerLimits(connectionsMax: admin.connectionsMax), respond: admin.respond))
    }
    listeners = made
    thread = LoopThread(name: "weir-control") { [self] in loop.run() }
  }

  /// Checks the endpoints of these upstreams from now on, and no others (`HealthChecker.set`).
  package func checkHealth(of upstreams: [HealthCheckedUpstream]) {
    post { [self] in checker.set(upstreams) }
  }

  /// Calls `done` on this loop with what it has counted.
  package func scrape(_ done: @escaping @Sendable ([UInt64]) -> Void) {
    post { [self] in done(shard.values) }
  }

  /// Calls `done` on this loop: probes in flight, and endpoints that wait for a place.
  package func probeCounts(_ done: @escaping @Sendable (_ active: Int, _ waiting: Int) -> Void) {
    post { [self] in done(checker.probeCount, checker.waitingCount) }
  }

  /// Ends the probes and the loop, and waits for the thread. Not from the loop itself.
  package func stop() {
    post { [self] in
      checker.set([])
      loop.stop()
    }
    thread?.join()
  }

  private func post(_ work: @escaping @Sendable () -> Void) { loop.mailbox.post(work) }
}
