import ControlPlane
import Foundation
import Primitives
import Testing
import WeirTesting

/// Connections to an upstream belong to the process: a request on one worker never waits in vain
/// while one stands idle at another.
@Suite(.serialized)
struct SlotSharingTests {
  private static let connections = 8

  /// Answers nobody before all of its connections have a request each: served are only those who get
  /// all that the limit allows at once, on whichever workers they are.
  private final class AllAtOnce: Sendable {
    let endpoint: ScriptedEndpoint

    init(_ count: Int) throws {
      let gate = Gate(count)
      endpoint = try ScriptedEndpoint { connection, _ in
        while try !connection.receiveMessage().isEmpty {
          gate.pass()
          try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
      }
    }
  }

  /// Lets people through in groups of `count`.
  private final class Gate: Sendable {
    private let count: Int
    private let waiting = Lock<[DispatchSemaphore]>([])

    init(_ count: Int) { self.count = count }

    func pass() {
      let own = DispatchSemaphore(value: 0)
      let group = waiting.withLock { waiting -> [DispatchSemaphore] in
        waiting.append(own)
        guard waiting.count >= count else { return [] }
        defer { waiting = [] }
        return waiting
      }
      for member in group { member.signal() }
      _ = own.comes()
    }
  }

  private static func yaml(_ endpoints: [UInt16], _ workers: Int, slow: String = "1s") -> String {
    let routes = endpoints.indices.map {
      "{ match: { prefix: /\($0) }, upstream: service-\($0), timeout: off }"
    }
    let upstreams = endpoints.enumerated().map {
      """
        service-\($0):
          endpoints: ["127.0.0.1:\($1)"]
          limits: { connections: \(connections) }
          timeouts: { pending: 30s, pool_idle: 1h }
      """
    }
    return """
      workers: \(workers)
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: 5s }
      telemetry: { explain: { slow: \(slow) } }
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [\(routes.joined(separator: ", "))] }
      upstreams:
      \(upstreams.joined(separator: "\n"))
      """
  }

  /// In each round other clients ask, so that the workers have other shares of them; between two
  /// rounds the file may be loaded anew.
  @Test(arguments: [(2, 1, false), (3, 2, false), (2, 2, true)])
  func everyIdleConnectionServes(workers: Int, upstreams: Int, reloads: Bool) throws {
    let services = try (0..<upstreams).map { _ in try AllAtOnce(Self.connections) }
    let ports = services.map(\.endpoint.port)
    let proxy = try RunningProxy(Self.yaml(ports, workers))
    let clients = try (0..<24).map { _ in try BlockingSocket.connect(port: proxy.port) }
    var random = RandomSource(seed: 7)
    for round in 0..<12 {
      if reloads {
        try proxy.rewrite(Self.yaml(ports, workers, slow: "\(round + 1)s"))
        proxy.plane.reload()
      }
      var drawn = clients
      for index in drawn.indices {
        drawn.swapAt(index, Int(random.below(UInt32(drawn.count))))
      }
      let asking = drawn.prefix(Self.connections * upstreams)
      for (index, client) in asking.enumerated() {
        try client.send("GET /\(index % upstreams) HTTP/1.1\r\nHost: a\r\n\r\n")
      }
      for client in asking {
        let answer = try client.receiveMessage()
        try #require(answer.hasPrefix("HTTP/1.1 200 "), "round \(round): \(answer)")
      }
    }
    for client in clients { client.close() }
    #expect(proxy.stop())
  }
}
