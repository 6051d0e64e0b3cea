import Primitives
import Reactor
import Telemetry
import Upstreams

/// A listening socket of one worker.
///
/// ```
/// accepting ──(stop)── no new handshakes, what is queued is taken ──(100 ms)── closed
/// ```
///
/// Why above everything: it decides only whether there is room for a connection. Fails as
/// `downstream_connections_exceeded`: where the longest idle connection cannot make room, a client
/// is refused, and of a flood of them all but a few are reset at once. Out of descriptors it pauses
/// and tries again, so that the connections there are go on.
package final class Listener: EventSource {
  /// Accepts of one turn, so that a flood of connections does not starve those there are.
  private static let acceptsPerTurnMax = 64
  private static let pause = Duration.milliseconds(100)
  /// How long a handshake that had begun may take to end before the socket closes: a round trip.
  private static let lastHandshakes = Duration.milliseconds(100)

  let worker: Worker
  /// What its connections are served by: the newest that has this listener.
  private(set) var current: ListenerSnapshot
  /// It takes what is queued and then closes: its clients are told to go elsewhere.
  private(set) var isStopping = false

  init(worker: Worker, current: ListenerSnapshot) {
    self.worker = worker
    self.current = current
    super.init()
  }

  func update(_ current: ListenerSnapshot) {
    self.current = current
  }

  /// Starts to accept on a bound socket.
  func start(_ descriptor: Int32, isShared: Bool) throws(Errno) {
    try worker.loop.add(self, on: descriptor, watching: .readable, isExclusive: !isShared)
    worker.loop.resumeLater(self)
  }

  package override func ready(_ readiness: Readiness) { accept(most: Self.acceptsPerTurnMax) }
  package override func resume() { accept(most: Self.acceptsPerTurnMax) }

  package override func deadlinePassed() {
    guard isStopping else { return accept(most: Self.acceptsPerTurnMax) }
    accept(most: .max)
    worker.loop.close(self)
    worker.listenerStopped(self)
  }

  /// Takes what is queued and closes a moment later: closing resets whoever waits in the queue, and
  /// whoever is in the middle of a handshake gets there. New ones get no answer meanwhile, so that
  /// a client tries again and learns that nobody listens, or finds who listens now.
  func stop() {
    guard isOpen, !isStopping else { return }
    isStopping = true
    worker.loop.kernel.refuseHandshakes(descriptor)
    accept(most: .max)
    worker.loop.arm(self, at: worker.loop.now.advanced(by: Self.lastHandshakes))
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
        if !isStopping { loop.arm(self, at: loop.now.advanced(by: Self.pause)) }
        return
      }
    }
    if isOpen { loop.resumeLater(self) }
  }

  private func open(_ socket: AcceptedSocket) {
    let loop = worker.loop
    let use = worker.admit()
    guard let use else {
      loop.kernel.resetOnClose(socket.descriptor)
      return loop.kernel.close(socket.descriptor)
    }
    loop.kernel.tune(socket.descriptor)
    let connection = DownstreamConnection(
      worker: worker, listener: self, peer: socket.peer, use: use)
    do throws(Errno) {
      try loop.add(connection, on: socket.descriptor)
    } catch {
      loop.kernel.close(socket.descriptor)
      return worker.descriptors.release(use)
    }
    if use == .clients {
      worker.add(connection)
      connection.start()
    } else {
      connection.refuse(.downstreamConnectionsExceeded)
    }
  }
}
