import Foundation
import Testing
import WeirTesting

/// Endpoints behind TLS: nginx, Weir itself, openssl and a server that breaks off.
struct TLSUpstreamTests {
  private let peers: TestPeers

  init() throws { peers = try TestPeers() }

  private var authority: TestAuthority { peers.authority }
  private var server: TestAuthority.Issued { peers.server }
  private var client: TestAuthority.Issued { peers.client }

  private var own: String { "certificate: \(client.certificate), key: \(client.key)" }

  private func proxy(_ port: UInt16, _ tls: String, _ upstream: String = "") throws -> RunningProxy
  {
    try RunningProxy(endpoints: [port], upstream: "tls: { \(tls) }\n    \(upstream)")
  }

  /// A Weir with mTLS in front of an endpoint.
  private func secured(_ endpoint: UInt16) throws -> RunningProxy {
    try RunningProxy(endpoints: [endpoint], listener: "tls: \(authority.keys(server))")
  }

  private static let id = "spiffe_id: spiffe://ndp.test/ns/default/svc/server"

  @Test func aPairCarriesWhatNginxHas() throws {
    let nginx = try Nginx()
    defer { nginx.stop() }
    let inner = try secured(nginx.port)
    defer { inner.stop() }
    let outer = try proxy(inner.port, "trust: \(authority.bundle), \(own), \(Self.id)")
    defer { outer.stop() }
    let url = "http://127.0.0.1:\(outer.port)"
    for _ in 0..<3 {
      let size = try Command.run(
        "curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", "\(url)/large"])
      #expect(size == "200 \(Nginx.largeBytes)")
    }
    let upload = try Command.run(
      "curl",
      ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-T", nginx.largeFile, "\(url)/upload"])
    #expect(upload == "201")
    let same = try Command.run(
      "sh", ["-c", "curl -sS \(url)/upload | cmp - \(nginx.largeFile) 2>&1"])
    #expect(same.isEmpty)
    // One connection carried them all.
    let ok = try outer.metric(
      "weir_upstream_tls_handshakes_total{upstream=\"service\",result=\"ok\"}")
    #expect(ok == 1)
  }

  /// What follows an upgrade crosses both hops whole, and each direction ends by itself: with a
  /// close_notify, so that the end is known for one.
  @Test func aTunnelEndsOneWayAndGoesOnTheOther() throws {
    let body = (0..<200_000).map { "\($0) " }.joined()
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send(
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nearly")
      connection.shutdownSend()
      #expect(try connection.receiveAll() == body)
    }
    let inner = try secured(endpoint.port)
    defer { inner.stop() }
    let outer = try proxy(inner.port, "trust: \(authority.bundle), \(own), \(Self.id)")
    defer { outer.stop() }
    let socket = try BlockingSocket.connect(port: outer.port)
    try socket.send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    #expect(try socket.receiveAll().hasSuffix("\r\n\r\nearly"))
    try socket.send(body)
    socket.shutdownSend()
    #expect(try inner.eventually { try inner.closed(by: "not_persistent") == 1 })
    #expect(try outer.eventually { try outer.closed(by: "not_persistent") == 1 })
  }

  @Test func aConnectionThatFollowsResumes() throws {
    let inner = try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: { body: own } }]",
      listener: "tls: \(authority.keys(server))\n    limits: { requests_per_connection: 1 }")
    defer { inner.stop() }
    let outer = try proxy(inner.port, "trust: \(authority.bundle), \(own), \(Self.id)")
    defer { outer.stop() }
    for _ in 0..<3 { #expect(try outer.get("/").hasSuffix("own")) }
    let counted = { (result: String) in
      try outer.metric(
        "weir_upstream_tls_handshakes_total{upstream=\"service\",result=\"\(result)\"}")
    }
    // A connection that is closed after its answer is not given back, and leaves no ticket.
    #expect(try counted("ok") + counted("resumed") == 3)
  }

  /// Whoever does not prove to be who was asked for gets no byte of the request.
  @Test(arguments: [
    ("spiffe_id: spiffe://ndp.test/ns/default/svc/other", "identity_mismatch"),
    ("spiffe_id: [\"spiffe://other.test/*\", spiffe://ndp.test/a/*]", "identity_mismatch"),
    ("server_name: other.test", "identity_mismatch"),
  ])
  func anotherIsRefused(_ asked: String, _ reason: String) throws {
    let inner = try secured(1)
    defer { inner.stop() }
    let outer = try proxy(inner.port, "trust: \(authority.bundle), \(own), \(asked)")
    defer { outer.stop() }
    let answer = try outer.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 502 "), "\(answer)")
    #expect(answer.contains("error=tls_certificate_error"), "\(answer)")
    let count = try outer.metric(
      "weir_upstream_tls_handshakes_total{upstream=\"service\",result=\"\(reason)\"}")
    #expect(count >= 1)
    #expect(try outer.counted("tls_certificate_error", 502) == 1)
  }

  @Test func aStrangersRootIsRefused() throws {
    let foreign = try TestAuthority(named: "Other")
    let inner = try secured(1)
    defer { inner.stop() }
    let outer = try proxy(inner.port, "trust: \(foreign.bundle), \(Self.id)")
    defer { outer.stop() }
    #expect(try outer.get("/").contains("error=tls_certificate_error"))
    let system = try proxy(inner.port, "trust: system, server_name: localhost")
    defer { system.stop() }
    #expect(try system.get("/").contains("error=tls_certificate_error"))
  }

  @Test func anEndpointInPlaintextIsAProtocolError() throws {
    let nginx = try Nginx()
    defer { nginx.stop() }
    let outer = try proxy(nginx.port, "trust: \(authority.bundle), \(Self.id)")
    defer { outer.stop() }
    let answer = try outer.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 502 "), "\(answer)")
    #expect(answer.contains("error=tls_protocol_error"), "\(answer)")
    #expect(try outer.counted("tls_protocol_error", 502) == 1)
  }

  /// In TLS 1.3 a client learns behind its own handshake that its certificate is not wanted.
  @Test func anEndpointThatRefusesUsIsNamed() throws {
    let inner = try secured(1)
    defer { inner.stop() }
    let outer = try proxy(inner.port, "trust: \(authority.bundle), \(Self.id)")
    defer { outer.stop() }
    let answer = try outer.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 502 "), "\(answer)")
    #expect(answer.contains("error=tls_alert_received"), "\(answer)")
    #expect(try outer.counted("tls_alert_received", 502) == 1)
  }

  /// A server name that is asked for is said in the handshake, and its certificate is verified.
  @Test func aHostNameIsSaidAndVerified() throws {
    let inner = try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: { body: own } }]",
      listener: "tls: { certificate: \(server.certificate), key: \(server.key) }")
    defer { inner.stop() }
    let named = try RunningProxy(
      addresses: ["localhost:\(inner.port)"], upstream: "tls: { trust: \(authority.bundle) }")
    defer { named.stop() }
    #expect(try named.get("/").hasSuffix("own"))
  }

  @Test func healthChecksSpeakTLSToo() throws {
    let inner = try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: { body: own } }]",
      listener: "tls: \(authority.keys(server))")
    defer { inner.stop() }
    let outer = try proxy(
      inner.port, "trust: \(authority.bundle), \(own), \(Self.id)",
      "health_check: { path: /, interval: 100ms, timeout: 1s }")
    defer { outer.stop() }
    #expect(
      try outer.eventually {
        try outer.metric("weir_health_checks_total{upstream=\"service\",result=\"success\"}") >= 2
      })
  }

  /// RFC 8446 §6.1: an end that TLS did not announce may have been made by anybody, so a body that ends
  /// with the connection has not ended.
  @Test(arguments: [true, false])
  func anEndWithoutItsNotifyIsNoEnd(_ isAnnounced: Bool) throws {
    let script = authority.folder + "/server.py"
    try """
    import os, socket, ssl, sys
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("\(server.certificate)", "\(server.key)")
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    connection = context.wrap_socket(listener.accept()[0], server_side=True)
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\npart")
    if \(isAnnounced ? "True" : "False"):
      connection.unwrap()
    os.close(connection.detach())
    """.write(toFile: script, atomically: true, encoding: .utf8)
    let process = ChildProcess()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["timeout", "60", "python3", script]
    process.standardOutput = pipe
    try process.run()
    let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    let port = try #require(UInt16(line.trimmingCharacters(in: .whitespacesAndNewlines)))
    let outer = try proxy(port, "trust: \(authority.bundle), \(Self.id)")
    defer { outer.stop() }
    let url = "http://127.0.0.1:\(outer.port)/"
    let output = try Command.run("sh", ["-c", "curl -sS \(url) 2>&1; echo \" exit $?\""])
    if isAnnounced {
      #expect(output == "part exit 0\n")
    } else {
      #expect(!output.hasSuffix("exit 0\n"), "\(output)")
    }
  }
}
