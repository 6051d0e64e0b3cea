import Foundation
import Glibc
import Testing
import WeirTesting

/// What the kernel is told about connections.
@Suite(.serialized)
struct SocketOptionTests {
  /// A peer that is gone is found by keepalive, after 60 s and three probes, also where a stream may
  /// be silent for longer: with TCP_USER_TIMEOUT the kernel would go by that alone.
  @Test func theKernelFindsAPeerThatIsGone() throws {
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
    for (option, value) in [
      (TCP_KEEPIDLE, Int32(60)), (TCP_KEEPINTVL, 10), (TCP_KEEPCNT, 3), (TCP_USER_TIMEOUT, 0),
      (TCP_NODELAY, 1),
    ] {
      #expect(Self.values(of: option) { local, _ in local == proxy.port } == [value])
      #expect(Self.values(of: option) { _, peer in peer == endpoint.port } == [value])
    }
    release.signal()
    #expect(try socket.receive(until: "\r\n\r\nok").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  /// An option of this process's connections whose ports fit.
  private static func values(
    of option: Int32, _ fits: (_ local: UInt16, _ peer: UInt16) -> Bool
  ) -> [Int32] {
    (Int32(0)..<4096).compactMap { descriptor in
      guard let local = port(descriptor, isPeer: false), let peer = port(descriptor, isPeer: true),
        fits(local, peer)
      else { return nil }
      var value: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      // SAFETY: both outlive the call.
      let result = unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), option, &value, &length)
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
}
