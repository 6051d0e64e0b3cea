import ControlPlane
import Foundation
import Primitives
import Testing
import WeirTesting

@testable import TLS

/// Handshakes that something else comes in between of: a drain, a want of places.
struct TLSHandshakeTimeTests {
  private let peers: TestPeers

  init() throws { peers = try TestPeers() }

  private var keys: String {
    "tls: { certificate: \(peers.server.certificate), key: \(peers.server.key) }"
  }

  /// A client whose handshake is done on its side, and whose last flight has not been sent.
  private func almostDone(
    _ proxy: RunningProxy
  ) throws -> (socket: BlockingSocket, session: TLSSession, flight: [UInt8]) {
    let session = try TLSSession(
      TLSContext(
        TLSContext.Settings(role: .client, peer: PeerRules(certificate: .none)), credentials: nil,
        bundle: nil))
    let socket = try BlockingSocket.connect(port: proxy.port)
    let input = Buffer(capacity: 1 << 16)
    let output = Buffer(capacity: 1 << 16)
    while session.handshake(input, output) != .done {
      if !output.isEmpty { try socket.send(take(output)) }
      input.append(try socket.receive())
    }
    return (socket, session, take(output))
  }

  private func take(_ buffer: Buffer) -> [UInt8] {
    defer { buffer.removeAll() }
    let bytes = buffer.readable
    return bytes.indices.map { bytes[$0] }
  }

  /// It has the time that others have then, not that of an idle connection.
  @Test func aHandshakeThatEndsInADrainHoldsItNotUp() throws {
    let proxy = try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: {} }]", listener: keys, drainTimeout: "10m")
    let (socket, _, flight) = try almostDone(proxy)
    proxy.plane.drain(delay: .zero)
    #expect(proxy.eventually { (try? BlockingSocket.connect(port: proxy.port)) == nil })
    try socket.send(flight)
    #expect(proxy.stop())
    #expect(try !socket.receive().isEmpty, "a ticket, or close_notify")
  }

  /// Whoever is in the middle of one has asked for nothing, and makes room.
  @Test func aHandshakeMakesRoom() throws {
    let proxy = try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: { body: served } }]", listener: keys,
      top: "limits: { connections: 2 }")
    defer { proxy.stop() }
    let held = try (0..<2).map { _ in try almostDone(proxy) }
    let call = [
      "-sS", "--retry", "20", "--retry-all-errors", "--retry-delay", "0", "--cacert",
      peers.authority.bundle, "https://localhost:\(proxy.port)/",
    ]
    #expect(try Command.run("curl", call).hasSuffix("served"))
    #expect(try proxy.metric("weir_downstream_connections_evicted_total") >= 1)
    withExtendedLifetime(held) {}
  }
}
