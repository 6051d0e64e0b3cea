import HTTPServer
import Primitives
import Reactor

/// One endpoint of a service of the demo, on a port that is free: answers by what `DemoAnswer` says, late
/// or badly where it is made ill.
///
/// Confinement: its loop.
package final class DemoService {
  /// Every connection that the proxy may open to it by default, and a person's own.
  private static let limits = ServerLimits(connectionsMax: 256, bodyBytesMax: 1 << 20)

  private let loop: EventLoop
  let service: DemoAnswer.Service
  let name: String
  /// None while it is killed.
  private var listener: ServerListener?
  private(set) var ills: DemoIlls = []
  private var answered = 0
  /// Where it listens, and will again once revived.
  package private(set) var port: UInt16 = 0

  /// How much longer an answer takes once the endpoint is slow: more than a person waits gladly,
  /// less than a health check does.
  static let slowness: Duration = .milliseconds(400)

  /// `number`: of the service's endpoints, from 0.
  init(loop: EventLoop, service: DemoAnswer.Service, number: Int) throws(Errno) {
    self.loop = loop
    self.service = service
    name = "\(service.name)/\(number)"
    try listen()
  }

  /// As the configuration and the proxy name it.
  var address: String { "127.0.0.1:\(port)" }

  /// Throws where it cannot listen any more: somebody took its port. Then it stays killed.
  func set(_ ills: DemoIlls) throws(Errno) {
    if ills.contains(.killed) {
      listener?.close(reset: true)
      listener = nil
    } else if listener == nil {
      try listen()
    }
    self.ills = ills
  }

  private func listen() throws(Errno) {
    let address = SocketAddress.ip(.loopback4, port: port)
    let descriptor = try loop.kernel.listen(on: address, backlog: 128, isShared: false)
    port = loop.kernel.localAddress(descriptor)?.port ?? 0
    let confined = Confined(service: self)
    listener = try ServerListener(loop: loop, descriptor: descriptor, limits: Self.limits) {
      request, done in done(confined.service.answer(request))
    }
  }

  private struct Confined: @unchecked Sendable {
    // SAFETY: a listener asks on its loop, which is the service's, and is closed before it goes.
    unowned let service: DemoService
  }

  /// The answer to a request, which it counts.
  private func answer(_ request: ServerRequest) -> ServerResponse {
    answered += 1
    let answer =
      ills.contains(.failing) && request.path != "/health"
      ? DemoAnswer.failure
      : DemoAnswer.answer(
        request.method, request.path, of: service, endpoint: name, count: answered)
    var response = ServerResponse(
      status: answer.status, contentType: "application/fhir+json", body: Array(answer.body.utf8))
    response.fields = answer.location.map { ["location: \($0)"] } ?? []
    response.delay = service.delay + (ills.contains(.slow) ? Self.slowness : .zero)
    return response
  }
}
