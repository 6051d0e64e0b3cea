import Foundation
import Glibc
import Testing
import WeirTesting

/// What the kernel is told about connections.
@Suite(.serialized)
struct SocketOptionTests {
  /// The kernel counts a closed window too: it must not cut slow readers before Weir's own clocks,
  /// `write_stall` towards clients and `stream_idle` towards endpoints, do.
  @Test func theKernelWaitsLongerThanWeir() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      release.wait()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "timeouts: { write_stall: 70s }",
      upstream: "timeouts: { stream_idle: 10m }")
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let attempts = "weir_upstream_attempts_total{upstream=\"service\"}"
    #expect(try proxy.eventually { try proxy.metric(attempts) == 1 })
    #expect(Self.userTimeouts { local, _ in local == proxy.port } == [100_000])
    #expect(Self.userTimeouts { _, peer in peer == endpoint.port } == [630_000])
    release.signal()
    #expect(try socket.receive(until: "\r\n\r\nok").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  /// TCP_USER_TIMEOUT of this process's connections whose ports fit.
  private static func userTimeouts(_ fits: (_ local: UInt16, _ peer: UInt16) -> Bool) -> [Int32] {
    (Int32(0)..<4096).compactMap { descriptor in
      guard let local = port(descriptor, isPeer: false), let peer = port(descriptor, isPeer: true),
        fits(local, peer)
      else { return nil }
      var value: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      // SAFETY: both outlive the call.
      let result = unsafe getsockopt(
        descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &value, &length)
      return result == 0 ? value : nil
    }
  }

  private static func port(_ descriptor: Int32, isPeer: Bool) -> UInt16? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      // SAFETY: a sockaddr_in begins as a sockaddr; at most `length` bytes are written.
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        isPeer
          ? unsafe getpeername(descriptor, $0, &length)
          : unsafe getsockname(descriptor, $0, &length)
      }
    }
    guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
    return UInt16(bigEndian: address.sin_port)
  }

  /// Weir's want of descriptors is not the endpoint's fault.
  @Test func namesItsOwnWantOfDescriptors() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let weir = try WeirProcess(descriptors: 40) { _ in
      """
          routes: [{ match: { prefix: / }, upstream: service }]
      upstreams: { service: { endpoints: ["127.0.0.1:\(endpoint.port)"] } }
      """
    }
    let first = try BlockingSocket.connect(port: weir.port)
    let admin = try BlockingSocket.connect(port: weir.adminPort)
    func metrics() throws -> String {
      try admin.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
      return try admin.receiveMessage()
    }
    _ = try metrics()
    let others = try (0..<60).map { _ in try BlockingSocket.connect(port: weir.port) }
    let isOut = try weir.eventually {
      try metrics().split(separator: "\n").contains {
        $0.hasPrefix("weir_listener_accept_pauses_total ") && !$0.hasSuffix(" 0")
      }
    }
    #expect(isOut)
    try first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let answer = try first.receiveMessage()
    #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("descriptors_exhausted"))
    for other in others { other.close() }
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }
}
