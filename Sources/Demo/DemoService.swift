import HTTP1
import HTTPModel
import Primitives
import Reactor

/// An endpoint of the demo: answers each request after a little while, on the demo's own loop.
package final class DemoService: EventSource {
  private let loop: EventLoop
  private let pool: BufferPool
  private let service: DemoAnswer.Service
  let name: String
  let delay: Duration
  private(set) var answered = 0
  /// Where it listens.
  package let port: UInt16

  /// `number`: of the service's endpoints; `delay`: before each answer, as if there were work.
  init(
    loop: EventLoop, pool: BufferPool, service: DemoAnswer.Service, number: Int, delay: Duration
  ) throws(Errno) {
    self.loop = loop
    self.pool = pool
    self.service = service
    self.delay = delay
    name = "\(service.name)-\(number)"
    let address = SocketAddress.ip(.loopback4, port: 0)
    let descriptor = try loop.kernel.listen(on: address, backlog: 128, isShared: false)
    port = loop.kernel.localAddress(descriptor)?.port ?? 0
    super.init()
    try loop.add(self, on: descriptor, watching: .readable)
  }

  package override func ready(_ readiness: Readiness) { accept() }
  package override func deadlinePassed() { accept() }

  /// The answer to a request, which it counts.
  func answer(_ method: String, _ path: String) -> DemoAnswer {
    answered += 1
    return DemoAnswer.answer(method, path, of: service, endpoint: name, count: answered)
  }

  private func accept() {
    while true {
      do throws(Errno) {
        let socket = try loop.kernel.accept(descriptor)
        let connection = DemoConnection(loop: loop, pool: pool, service: self)
        do throws(Errno) {
          try loop.add(connection, on: socket.descriptor)
        } catch {
          loop.kernel.close(socket.descriptor)
        }
      } catch {
        if !error.wouldBlock { loop.arm(self, at: loop.now.advanced(by: .milliseconds(100))) }
        return
      }
    }
  }
}
