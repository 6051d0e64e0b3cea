import Primitives
import Reactor

/// Accepts connections of the admin listener on the control loop. Bounded: of its most, the
/// one that has been without a request longest makes room for the next, so that nobody who only
/// holds connections keeps a probe out.
package final class AdminListener: EventSource {
  /// The most there may be where descriptors are plenty.
  package static let connectionsMax = 64
  private let most: Int
  private let loop: EventLoop
  private let pool: BufferPool
  private let respond: AdminConnection.Responder
  private var connections: [AdminConnection] = []

  package init(
    loop: EventLoop, descriptor: Int32, connectionsMax: Int,
    respond: @escaping AdminConnection.Responder
  ) throws(Errno) {
    self.loop = loop
    most = connectionsMax
    self.respond = respond
    pool = BufferPool(bytesMax: Self.connectionsMax * 2 * BufferPool.largeBytes)
    super.init()
    try loop.add(self, on: descriptor, watching: .readable)
  }

  package override func ready(_ readiness: Readiness) { accept() }
  package override func deadlinePassed() { accept() }

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
    let connection = AdminConnection(loop: loop, pool: pool, respond: respond) { [self] closed in
      connections.removeAll { $0 === closed }
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
    guard connections.count >= most else { return true }
    let idle = connections.filter { !$0.isWaiting }
    guard let longest = idle.min(by: { $0.idleSince < $1.idleSince }) else { return false }
    longest.close()
    return true
  }
}
