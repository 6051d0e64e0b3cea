import Foundation
import Glibc
import Testing
import WeirTesting

/// Bodies far larger than the memory they pass through.
@Suite(.serialized, .enabled(if: !Sanitizers.areOn))
struct StreamingTests {
  private static let bodyBytes = 512 << 20
  private static let peakKiBMax = 32 << 10
  private static let block = [UInt8](repeating: 0x61, count: 1 << 20)

  /// An endpoint that sends and takes bodies of that size, one a connection.
  private func endpoint() throws -> ScriptedEndpoint {
    try ScriptedEndpoint { connection, _ in
      let head = try connection.receive(until: "\r\n\r\n")
      if head.hasPrefix("GET") {
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.bodyBytes)\r\n\r\n")
        for _ in 0..<Self.bodyBytes / Self.block.count { try connection.send(Self.block) }
      } else {
        let early =
          head.utf8.count
          - (head.firstRange(of: "\r\n\r\n").map {
            head[..<$0.upperBound].utf8.count
          } ?? 0)
        guard try connection.discard(Self.bodyBytes - early) else { return }
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole")
      }
      _ = try connection.receive()
    }
  }

  private func weir(_ endpoint: ScriptedEndpoint) throws -> WeirProcess {
    try WeirProcess { _ in
      """
          routes: [{ match: { prefix: / }, upstream: service }]
          timeouts: { write_stall: 1h }
      upstreams:
        service:
          endpoints: ["127.0.0.1:\(endpoint.port)"]
          timeouts: { stream_idle: 1h }
      """
    }
  }

  /// Sends a GET and returns once the answer's head is there, with how many bytes of its body.
  private func begin(_ weir: WeirProcess) throws -> (socket: BlockingSocket, early: Int) {
    let socket = try BlockingSocket.connect(port: weir.port)
    try socket.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    let answer = try socket.receive(until: "\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 200 "))
    let head = try #require(answer.firstRange(of: "\r\n\r\n"))
    return (socket, answer[head.upperBound...].utf8.count)
  }

  /// One client takes nothing all the while: it holds back itself and nobody else.
  @Test func downloadsInConstantMemory() throws {
    let weir = try weir(try endpoint())
    let slow = try begin(weir)
    let fast = try begin(weir)
    #expect(try fast.socket.discard(Self.bodyBytes - fast.early))
    #expect((1...Self.peakKiBMax).contains(weir.peakResidentKiB), "\(weir.peakResidentKiB) KiB")
    // What the kernels and the proxy hold for it is far less than this.
    #expect(try slow.socket.discard(64 << 20))
    slow.socket.close()
    fast.socket.close()
    #expect((1...Self.peakKiBMax).contains(weir.peakResidentKiB), "\(weir.peakResidentKiB) KiB")
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }

  @Test func uploadsInConstantMemory() throws {
    let weir = try weir(try endpoint())
    let socket = try BlockingSocket.connect(port: weir.port)
    try socket.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: \(Self.bodyBytes)\r\n\r\n")
    for _ in 0..<Self.bodyBytes / Self.block.count { try socket.send(Self.block) }
    #expect(try socket.receive(until: "whole").hasPrefix("HTTP/1.1 200 "))
    #expect((1...Self.peakKiBMax).contains(weir.peakResidentKiB), "\(weir.peakResidentKiB) KiB")
    socket.close()
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }
}
