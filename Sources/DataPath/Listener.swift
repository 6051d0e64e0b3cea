import Primitives
import Reactor
import Telemetry
import Upstreams

/// A listening socket of one worker.
///
/// Why above everything: it decides only whether there is room for a connection. Fails as
/// `downstream_connections_exceeded`; out of descriptors it pauses and tries again, so that the
/// connections there are go on.
package final class Listener: EventSource {
  /// Accepts of one turn, so that a flood of connections does not starve those there are.
  private static let acceptsPerTurnMax = 64
  private static let pause = Duration.milliseconds(100)

  let worker: Worker
  /// What its connections are served by: the newest that has this listener.
  private(set) var settings: ProxySettings
  private(set) var current: ListenerSnapshot

  init(worker: Worker, snapshot: Snapshot, current: ListenerSnapshot) {
    self.worker = worker
    settings = snapshot.settings
    self.current = current
    super.init()
  }

  func update(_ snapshot: Snapshot, _ current: ListenerSnapshot) {
    settings = snapshot.settings
    self.current = current
  }

  /// Starts to accept on a bound socket.
  func start(_ descriptor: Int32, isShared: Bool) throws(Errno) {
    try worker.loop.add(self, on: descriptor, watching: .readable, isExclusive: !isShared)
    worker.loop.resumeLater(self)
  }

  package override func ready(_ readiness: Readiness) { accept(most: Self.acceptsPerTurnMax) }
  package override func resume() { accept(most: Self.acceptsPerTurnMax) }
  package override func deadlinePassed() { accept(most: Self.acceptsPerTurnMax) }

  /// Takes what is queued, then closes: closing first would reset what waits.
  func stop() {
    guard isOpen else { return }
    accept(most: .max)
    worker.loop.close(self)
  }

  private func accept(most: Int) {
    let loop = worker.loop
    for _ in 0..<most {
      do throws(Errno) {
        let socket = try loop.kernel.accept(descriptor)
        open(socket)
      } catch {
        guard !error.wouldBlock else { return }
        // Descriptors or memory have run out: what waits stays queued until there are some.
        worker.shard.add(worker.metrics.acceptPauses)
        loop.arm(self, at: loop.now.advanced(by: Self.pause))
        return
      }
    }
    if isOpen { loop.resumeLater(self) }
  }

  private func open(_ socket: AcceptedSocket) {
    let loop = worker.loop
    loop.kernel.tune(
      socket.descriptor, stallNanoseconds: current.settings.writeStallNanoseconds)
    let isAdmitted = worker.connectionLimits.acquire(.connections)
    let connection = DownstreamConnection(worker: worker, listener: self, peer: socket.peer)
    do throws(Errno) {
      try loop.add(connection, on: socket.descriptor)
    } catch {
      loop.kernel.close(socket.descriptor)
      if isAdmitted { worker.connectionLimits.release(.connections) }
      return
    }
    if isAdmitted {
      worker.add(connection)
      connection.start()
    } else {
      worker.shard.add(worker.metrics.connectionsRefused)
      connection.refuse(.downstreamConnectionsExceeded)
    }
  }
}
