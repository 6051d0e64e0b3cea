import Foundation
import Testing
import WeirTesting

/// Listeners with `proxy_protocol`, behind balancers that tell who is connected.
struct ProxyProtocolTests {
  /// Answers with the address that the service was told.
  private static func echo() throws -> ScriptedEndpoint {
    try ScriptedEndpoint.answering { request in
      let line = request.split(separator: "\r\n").first { $0.hasPrefix("x-forwarded-for: ") } ?? ""
      return "HTTP/1.1 200 OK\r\nContent-Length: \(line.utf8.count)\r\n\r\n\(line)"
    }
  }

  private static func result(_ proxy: RunningProxy, _ result: String) throws -> Double {
    try proxy.metric(
      "weir_proxy_protocol_headers_total{listener=\"ingress\",result=\"\(result)\"}")
  }

  private static let get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
  private static let v2 =
    [UInt8]("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x21, 0x11, 0, 15]
    + [203, 0, 113, 9, 127, 0, 0, 1, 0, 7, 0, 8, 4, 0, 0]

  @Test func theServiceLearnsWhoIsConnected() throws {
    let service = try Self.echo()
    let proxy = try RunningProxy(endpoints: [service.port], listener: "proxy_protocol: true")
    defer { proxy.stop() }
    let v1 = "PROXY TCP6 2001:db8::7 ::1 7 8\r\n"
    #expect(try proxy.exchange(v1 + Self.get).hasSuffix("x-forwarded-for: 2001:db8::7"))
    let socket = try BlockingSocket.connect(port: proxy.port)
    // A byte at a time, as a hostile network would.
    for byte in Self.v2 { try socket.send([byte]) }
    try socket.send(Self.get)
    #expect(try socket.receiveAll().hasSuffix("x-forwarded-for: 203.0.113.9"))
    let unknown = try proxy.exchange("PROXY UNKNOWN\r\n" + Self.get)
    #expect(unknown.hasSuffix("x-forwarded-for: 127.0.0.1"))
    for (name, count) in [("v1", 1.0), ("v2", 1), ("local", 1)] {
      #expect(try Self.result(proxy, name) == count, "\(name)")
    }
  }

  @Test func curlSendsIt() throws {
    let service = try Self.echo()
    let proxy = try RunningProxy(endpoints: [service.port], listener: "proxy_protocol: true")
    defer { proxy.stop() }
    let text = try Command.run(
      "curl", ["-sS", "--haproxy-protocol", "http://127.0.0.1:\(proxy.port)/"])
    #expect(text == "x-forwarded-for: 127.0.0.1")
    #expect(try Self.result(proxy, "v1") == 1)
  }

  /// The header and the first bytes of TLS may come together, and a client of plaintext is still told apart.
  @Test func itStandsBeforeTLS() throws {
    let peers = try TestPeers()
    let service = try Self.echo()
    let proxy = try RunningProxy(
      endpoints: [service.port],
      listener:
        "proxy_protocol: true\n    tls: \(peers.authority.keys(peers.server, ", mode: permissive"))"
    )
    defer { proxy.stop() }
    let url = "https://127.0.0.1:\(proxy.port)/"
    let text = try Command.run(
      "curl",
      [
        "-sSk", "--haproxy-protocol", "--cert", peers.client.certificate, "--key",
        peers.client.key, url,
      ])
    #expect(text == "x-forwarded-for: 127.0.0.1")
    let plain = try proxy.exchange("PROXY TCP4 203.0.113.9 127.0.0.1 7 8\r\n" + Self.get)
    #expect(plain.hasSuffix("x-forwarded-for: 203.0.113.9"))
    let accepted = try proxy.metric(
      "weir_tls_handshakes_total{listener=\"ingress\",result=\"plaintext_accepted\"}")
    #expect(accepted == 1)
  }

  /// A tunnel gets what follows the header and no byte of it, and its log has the client.
  @Test func aTunnelBeginsBehindIt() throws {
    let log = NSTemporaryDirectory() + "weir-proxy-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let server = try ScriptedEndpoint { connection, _ in
      try connection.send(try connection.receiveAll())
      connection.close()
    }
    let proxy = try TCPTests.proxy(
      [server.port], listener: "proxy_protocol: true",
      top: "telemetry: { access_log: { path: \(log) } }")
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.v2 + Array("hello".utf8))
    socket.shutdownSend()
    #expect(try socket.receiveAll() == "hello")
    #expect(proxy.stop())
    let line = try String(contentsOfFile: log, encoding: .utf8)
    #expect(line.contains(#""client":"203.0.113.9","client_port":7,"#), "\(line)")
    #expect(line.contains(#""request_bytes":5,"response_bytes":5,"#), "\(line)")
  }

  @Test(arguments: [
    (get, "missing"), ("PROXY TCP4 1.2.3.4 1.2.3.4 5\r\n", "malformed"),
    ("PROXY UNKNOWN \(String(repeating: "a", count: 200))", "too_large"), ("PROXY", "closed"),
  ])
  func whatIsNoneIsClosed(bytes: String, reason: String) throws {
    let proxy = try RunningProxy(endpoints: [1], listener: "proxy_protocol: true")
    defer { proxy.stop() }
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(bytes)
    socket.shutdownSend()
    // Closed over bytes that nobody reads, it may be reset.
    #expect(((try? socket.receiveAll()) ?? "").isEmpty)
    #expect(try proxy.eventually { try Self.result(proxy, reason) == 1 })
  }

  @Test func aStrangerIsClosed() throws {
    let proxy = try RunningProxy(
      endpoints: [1], listener: "proxy_protocol: true", top: "trusted_proxies: [10.0.0.0/8]")
    defer { proxy.stop() }
    let socket = try BlockingSocket.connect(port: proxy.port)
    #expect(((try? socket.receiveAll()) ?? "").isEmpty)
    #expect(try proxy.eventually { try Self.result(proxy, "untrusted") == 1 })
  }

  @Test func whoNeverSendsItIsClosed() throws {
    let peers = try TestPeers()
    let proxy = try RunningProxy(
      endpoints: [1],
      listener:
        "proxy_protocol: true\n    tls: \(peers.authority.keys(peers.server, ", handshake_timeout: 100ms"))"
    )
    defer { proxy.stop() }
    let socket = try BlockingSocket.connect(port: proxy.port)
    #expect(try socket.receiveAll().isEmpty)
    #expect(try proxy.eventually { try Self.result(proxy, "timeout") == 1 })
  }

  /// HAProxy in front, with either version.
  @Test(arguments: [("send-proxy", "v1"), ("send-proxy-v2", "v2")])
  func haproxySendsIt(option: String, version: String) throws {
    let service = try Self.echo()
    let proxy = try RunningProxy(endpoints: [service.port], listener: "proxy_protocol: true")
    defer { proxy.stop() }
    let reserved = try PortReservation()
    let file = NSTemporaryDirectory() + "weir-haproxy-\(UUID().uuidString).cfg"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try """
    defaults
      mode tcp
      timeout connect 30s
      timeout client 30s
      timeout server 30s
    listen front
      bind 127.0.0.1:\(reserved.port)
      server weir 127.0.0.1:\(proxy.port) \(option)

    """.write(toFile: file, atomically: true, encoding: .utf8)
    let process = ChildProcess()
    process.executableURL = URL(filePath: "/usr/sbin/haproxy")
    process.arguments = ["-db", "-q", "-f", file]
    try process.run()
    defer {
      process.signal(SIGKILL)
      process.waitUntilExit()
    }
    let isThere = Patience.waits {
      (try? BlockingSocket.connect(port: reserved.port)) != nil || !process.isRunning
    }
    #expect(isThere && process.isRunning)
    let text = try Command.run("curl", ["-sS", "http://127.0.0.1:\(reserved.port)/"])
    #expect(text == "x-forwarded-for: 127.0.0.1")
    #expect(try Self.result(proxy, version) >= 1)
  }
}
