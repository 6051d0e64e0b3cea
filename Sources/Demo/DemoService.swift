import HTTP1
import HTTPModel
import Primitives
import Reactor

/// An endpoint of the demo: answers every request with the same FHIR-like document after a little
/// while, on the demo's own loop.
package final class DemoService: EventSource {
  private let loop: EventLoop
  private let pool: BufferPool
  private let document: [UInt8]
  private let delay: Duration
  /// Where it listens.
  package let port: UInt16

  /// `document`: the body; `delay`: before each answer, as if there were work.
  package init(loop: EventLoop, pool: BufferPool, document: String, delay: Duration) throws(Errno) {
    self.loop = loop
    self.pool = pool
    self.document = Array(document.utf8)
    self.delay = delay
    let address = SocketAddress.ip(.loopback4, port: 0)
    let descriptor = try loop.kernel.listen(on: address, backlog: 128, isShared: false)
    port = loop.kernel.localAddress(descriptor)?.port ?? 0
    super.init()
    try loop.add(self, on: descriptor, watching: .readable)
  }

  package override func ready(_ readiness: Readiness) { accept() }
  package override func deadlinePassed() { accept() }

  private func accept() {
    while true {
      do throws(Errno) {
        let socket = try loop.kernel.accept(descriptor)
        let connection = DemoConnection(
          loop: loop, pool: pool, document: document, delay: delay)
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
