import Primitives
import Reactor

/// Accepts connections to Weir's own pages, on the loop of whoever shows them. Bounded: at the most,
/// the connection that has been without a request longest makes room for the next, so that nobody who only
/// holds connections keeps a probe out.
///
/// Confinement: its loop.
package final class ServerListener: EventSource {
  /// Who answers: from any thread, and once.
  package typealias Responder =
    @Sendable (ServerRequest, @escaping @Sendable (ServerResponse) -> Void) -> Void

  private let limits: ServerLimits
  private let loop: EventLoop
  private let pool: BufferPool
  private let respond: Responder
  private var connections: [ServerConnection] = []

  /// Takes over `descriptor`, a listening socket.
  package init(
    loop: EventLoop, descriptor: Int32, limits: ServerLimits, respond: @escaping Responder
  ) throws(Errno) {
    self.loop = loop
    self.limits = limits
    self.respond = respond
    pool = BufferPool(bytesMax: limits.connectionsMax * 2 * BufferPool.largeBytes)
    super.init()
    try loop.add(self, on: descriptor, watching: .readable)
  }

  package override func ready(_ readiness: Readiness) { accept() }
  package override func deadlinePassed() { accept() }

  /// Listens no more. `reset`: connections are cut, as the end of a machine would cut them.
  package func close(reset: Bool = false) {
    if isOpen { loop.close(self) }
    for connection in connections { connection.close(reset: reset) }
  }

  private func accept() {
    while true {
      do throws(Errno) {
        let socket = try loop.kernel.accept(descriptor)
        open(socket.descriptor)
      } catch {
        if !error.wouldBlock { loop.arm(self, at: loop.now.advanced(by: .milliseconds(100))) }
        return
      }
    }
  }

  private func open(_ descriptor: Int32) {
    guard makeRoom() else { return loop.kernel.close(descriptor) }
    let connection = ServerConnection(loop: loop, pool: pool, limits: limits, respond: respond) {
      [self] closed in connections.removeAll { $0 === closed }
    }
    do throws(Errno) {
      try loop.add(connection, on: descriptor)
      connections.append(connection)
      connection.start()
    } catch {
      loop.kernel.close(descriptor)
    }
  }

  /// False: each connection waits for its answer.
  private func makeRoom() -> Bool {
    guard connections.count >= limits.connectionsMax else { return true }
    let idle = connections.filter { !$0.isWaiting }
    guard let longest = idle.min(by: { $0.idleSince < $1.idleSince }) else { return false }
    longest.close()
    return true
  }
}
