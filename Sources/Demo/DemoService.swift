import HTTP1
import HTTPModel
import Primitives
import Reactor

/// An endpoint of the demo: answers each request after a little while, on the demo's own loop.
package final class DemoService: EventSource {
  private let loop: EventLoop
  private let pool: BufferPool
  let service: DemoAnswer.Service
  let name: String
  /// By its place of memory: few, and only for `kill`.
  private var connections: [ObjectIdentifier: DemoConnection] = [:]
  private(set) var ills: DemoIlls = []
  private var answered = 0
  /// Where it listens, and will again once revived.
  package let port: UInt16

  /// How much longer an answer takes once the endpoint is slow: more than a person waits gladly,
  /// less than a health check does.
  static let slowness: Duration = .milliseconds(400)

  /// `number`: of the service's endpoints, from 0.
  init(
    loop: EventLoop, pool: BufferPool, service: DemoAnswer.Service, number: Int
  ) throws(Errno) {
    self.loop = loop
    self.pool = pool
    self.service = service
    name = "\(service.name)/\(number)"
    let address = SocketAddress.ip(.loopback4, port: 0)
    let descriptor = try loop.kernel.listen(on: address, backlog: 128, isShared: false)
    port = loop.kernel.localAddress(descriptor)?.port ?? 0
    super.init()
    try loop.add(self, on: descriptor, watching: .readable)
  }

  /// As the configuration and the proxy name it.
  var address: String { "127.0.0.1:\(port)" }

  /// Before each answer.
  var delay: Duration { service.delay + (ills.contains(.slow) ? Self.slowness : .zero) }

  /// Throws where it cannot listen any more: somebody took its port. Then it stays killed.
  func set(_ ills: DemoIlls) throws(Errno) {
    if ills.contains(.killed), isOpen { kill() }
    if !ills.contains(.killed), !isOpen {
      let address = SocketAddress.ip(.loopback4, port: port)
      let descriptor = try loop.kernel.listen(on: address, backlog: 128, isShared: false)
      try loop.add(self, on: descriptor, watching: .readable)
    }
    self.ills = ills
  }

  private func kill() {
    loop.close(self)
    for connection in Array(connections.values) { connection.reset() }
  }

  func forget(_ connection: DemoConnection) {
    connections[ObjectIdentifier(connection)] = nil
  }

  package override func ready(_ readiness: Readiness) { accept() }
  package override func deadlinePassed() { accept() }

  /// The answer to a request, which it counts.
  func answer(_ method: String, _ path: String) -> DemoAnswer {
    answered += 1
    if ills.contains(.failing), path != "/health" { return DemoAnswer.failure }
    return DemoAnswer.answer(method, path, of: service, endpoint: name, count: answered)
  }

  private func accept() {
    while true {
      do throws(Errno) {
        let socket = try loop.kernel.accept(descriptor)
        let connection = DemoConnection(loop: loop, pool: pool, service: self)
        do throws(Errno) {
          try loop.add(connection, on: socket.descriptor)
          connections[ObjectIdentifier(connection)] = connection
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
