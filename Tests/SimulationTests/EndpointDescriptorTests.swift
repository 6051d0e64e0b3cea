import DataPath
import Foundation
import Primitives
import Testing
import Upstreams
import WeirTesting

/// Idle connections to endpoints give their descriptors up before a request goes without.
struct EndpointDescriptorTests {
  private final class Client: SimulatedPeer {
    var socket: SimulatedSocket?
    var answers: [UInt8] = []

    func connected(_ socket: SimulatedSocket) { self.socket = socket }
    func received(_ socket: SimulatedSocket) { answers += socket.take() }
    func ended(_ socket: SimulatedSocket, isReset: Bool) {}
  }

  private final class Endpoint: SimulatedPeer {
    func connected(_ socket: SimulatedSocket) {}
    func received(_ socket: SimulatedSocket) {
      if !socket.take().isEmpty {
        socket.deliver(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8))
      }
    }
    func ended(_ socket: SimulatedSocket, isReset: Bool) {}
  }

  /// Twenty endpoints in turn, and descriptors for three connections.
  @Test func idleConnectionsMakeRoom() throws {
    let addresses = (0..<20).map { SocketAddress.ip(.loopback4, port: UInt16(9001 + $0)) }
    let upstream = UpstreamPlan(
      name: "service", endpoints: addresses.map { .init(address: $0) },
      state: UpstreamState(
        name: "service",
        limits: ResourceLimits(connectionsMax: 100, pendingMax: 10, requestsMax: 100),
        endpoints: addresses.map { EndpointState(identity: "\($0)", breaker: nil) }))
    upstream.pool = PoolPolicy(idle: .seconds(3600))
    let mesh = try SimulatedMesh(
      seed: 1, MeshPlan(upstreams: [upstream]),
      descriptors: DescriptorBudget(clients: 10, refused: 1, endpoints: 3))
    mesh.network.answerConnect = { _ in .peer(Endpoint()) }
    let client = Client()
    mesh.network.connect(client)
    let get = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    for count in 1...60 {
      client.socket?.deliver(get)
      mesh.run(quiet: .seconds(1))
      let text = String(decoding: client.answers, as: UTF8.self)
      #expect(text.components(separatedBy: "HTTP/1.1 200 OK").count == count + 1)
    }
  }
}
