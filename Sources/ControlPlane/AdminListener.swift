import Primitives
import Reactor

/// Accepts connections of the admin listener on the control loop. Bounded: `connectionsMax`.
package final class AdminListener: EventSource {
  static let connectionsMax = 64
  private let loop: EventLoop
  private let pool: BufferPool
  private let respond: AdminConnection.Responder
  private var connectionCount = 0

  package init(
    loop: EventLoop, descriptor: Int32, respond: @escaping AdminConnection.Responder
  ) throws(Errno) {
    self.loop = loop
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
    guard connectionCount < Self.connectionsMax else { return loop.kernel.close(descriptor) }
    let connection = AdminConnection(loop: loop, pool: pool, respond: respond) { [self] in
      connectionCount -= 1
    }
    do throws(Errno) {
      try loop.add(connection, on: descriptor)
      connectionCount += 1
      connection.start()
    } catch {
      loop.kernel.close(descriptor)
    }
  }
}
