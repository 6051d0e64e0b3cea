import Foundation
import Testing
import WeirTesting

/// Listeners with `protocol: tcp`, between clients and servers that do what a test says.
struct TCPTests {
  /// A proxy that gives connections to `endpoints`; `tls` is what stands in its sections.
  static func proxy(
    _ endpoints: [UInt16], listener: String = "", upstream: String = "", top: String = "",
    drainTimeout: String = "5s"
  ) throws -> RunningProxy {
    let list = endpoints.map { "127.0.0.1:\($0)" }.joined(separator: ", ")
    return try RunningProxy(
      """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: \(drainTimeout) }
      \(top)
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          protocol: tcp
          upstream: service
          \(listener)
      upstreams:
        service:
          protocol: tcp
          endpoints: [\(list)]
          \(upstream)
      """)
  }

  private static func ended(_ proxy: RunningProxy, _ reason: String) throws -> Double {
    try proxy.metric(
      "weir_tcp_connections_total{listener=\"ingress\",upstream=\"service\",reason=\"\(reason)\"}")
  }

  /// A server that speaks first, then says what it heard once its client has ended.
  private static func greeter() throws -> ScriptedEndpoint {
    try ScriptedEndpoint { connection, _ in
      try connection.send("hello\n")
      let heard = try connection.receiveAll()
      try connection.send("\(heard.utf8.count) \(heard.suffix(8))")
      connection.close()
    }
  }

  private static let body = (0..<200_000).map { "\($0) " }.joined()

  /// The client waits for the greeting before it says anything, ends its direction, and still gets the
  /// answer: both ends are passed on by themselves.
  private static func talk(to port: UInt16) throws {
    let socket = try BlockingSocket.connect(port: port)
    #expect(try socket.receive(until: "\n") == "hello\n")
    try socket.send(body)
    socket.shutdownSend()
    #expect(try socket.receiveAll() == "\(body.utf8.count) \(body.suffix(8))")
    socket.close()
  }

  @Test func aServerMaySpeakFirstAndEachDirectionEndsByItself() throws {
    let server = try Self.greeter()
    let proxy = try Self.proxy([server.port])
    defer { proxy.stop() }
    try Self.talk(to: proxy.port)
    #expect(try proxy.eventually { try Self.ended(proxy, "none") == 1 })
    let sent = try proxy.metric("weir_upstream_sent_bytes_total{upstream=\"service\"}")
    #expect(sent == Double(Self.body.utf8.count))
  }

  @Test func aPairCarriesItOverMutualTLS() throws {
    let peers = try TestPeers()
    let server = try Self.greeter()
    let inner = try Self.proxy(
      [server.port], listener: "tls: \(peers.authority.keys(peers.server))")
    defer { inner.stop() }
    let outer = try Self.proxy(
      [inner.port],
      upstream:
        "tls: { trust: \(peers.authority.bundle), certificate: \(peers.client.certificate), key: \(peers.client.key), spiffe_id: spiffe://ndp.test/ns/default/svc/server }"
    )
    defer { outer.stop() }
    for _ in 0..<3 { try Self.talk(to: outer.port) }
    #expect(try outer.eventually { try Self.ended(outer, "none") == 3 })
    #expect(try inner.eventually { try Self.ended(inner, "none") == 3 })
  }

  @Test func anEndpointThatIsDownIsPassedOver() throws {
    let (closed, port) = try BlockingSocket.listen()
    closed.close()
    let server = try Self.greeter()
    let proxy = try Self.proxy([port, server.port])
    defer { proxy.stop() }
    for _ in 0..<4 { try Self.talk(to: proxy.port) }
    #expect(try proxy.eventually { try Self.ended(proxy, "none") == 4 })
    let retries = try proxy.metric(
      "weir_upstream_retries_total{upstream=\"service\",reason=\"connect_refused\",result=\"success\"}"
    )
    #expect(retries >= 1)
  }

  @Test func whereNobodyListensTheClientIsReset() throws {
    let (closed, port) = try BlockingSocket.listen()
    closed.close()
    let proxy = try Self.proxy([port])
    defer { proxy.stop() }
    let socket = try BlockingSocket.connect(port: proxy.port)
    #expect(throws: (any Error).self) { try socket.receive() }
    #expect(try proxy.eventually { try Self.ended(proxy, "connect_refused") == 1 })
  }

  /// Closed, by the rule that the log names.
  @Test func whoMayNotConnectIsClosed() throws {
    let log = NSTemporaryDirectory() + "weir-tcp-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let server = try Self.greeter()
    let proxy = try Self.proxy(
      [server.port],
      listener:
        "authorize: { default: allow, rules: [{ action: deny, method: [GET] }, { action: deny }] }",
      top: "telemetry: { access_log: { path: \(log) } }")
    let socket = try BlockingSocket.connect(port: proxy.port)
    #expect(try socket.receiveAll().isEmpty)
    #expect(try proxy.eventually { try Self.ended(proxy, "authorization_denied") == 1 })
    #expect(proxy.stop())
    let line = try String(contentsOfFile: log, encoding: .utf8)
    #expect(line.contains(#""failure":"authorization_denied","rule":"1","listener":"ingress""#))
    #expect(line.contains(#""attempts":0,"#), "\(line)")
  }

  @Test func theLineTellsBothDirections() throws {
    let log = NSTemporaryDirectory() + "weir-tcp-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let server = try Self.greeter()
    let proxy = try Self.proxy([server.port], top: "telemetry: { access_log: { path: \(log) } }")
    try Self.talk(to: proxy.port)
    #expect(try proxy.eventually { try Self.ended(proxy, "none") == 1 })
    #expect(proxy.stop())
    let line = try String(contentsOfFile: log, encoding: .utf8)
    let answer = "\(Self.body.utf8.count) \(Self.body.suffix(8))".utf8.count + 6
    for part in [
      #""protocol":"tcp","failure":"none","#, #""endpoint":"127.0.0.1:\#(server.port)","#,
      #""request_bytes":\#(Self.body.utf8.count),"response_bytes":\#(answer),"#,
      #""connect_us":"#,
    ] { #expect(line.contains(part), "\(part): \(line)") }
  }

  @Test func oneThatIsIdleIsClosed() throws {
    let server = try Self.greeter()
    let proxy = try Self.proxy([server.port], upstream: "timeouts: { stream_idle: 100ms }")
    defer { proxy.stop() }
    let socket = try BlockingSocket.connect(port: proxy.port)
    #expect(try socket.receiveAll() == "hello\n")
    #expect(try proxy.eventually { try Self.ended(proxy, "stream_idle_timeout") == 1 })
  }

  @Test func aboveTheLimitTheClientIsRefusedAndAPlaceThatIsFreeServes() throws {
    let server = try Self.greeter()
    let proxy = try Self.proxy([server.port], upstream: "limits: { connections: 1 }")
    defer { proxy.stop() }
    let first = try BlockingSocket.connect(port: proxy.port)
    #expect(try first.receive(until: "\n") == "hello\n")
    let second = try BlockingSocket.connect(port: proxy.port)
    #expect(throws: (any Error).self) { try second.receive() }
    #expect(try proxy.eventually { try Self.ended(proxy, "pending_overflow") == 1 })
    first.shutdownSend()
    #expect(try first.receiveAll() == "0 ")
    #expect(try proxy.eventually { try Self.ended(proxy, "none") == 1 })
    try Self.talk(to: proxy.port)
  }

  @Test func aDrainClosesWhatIsLeftWhenItsTimeIsUp() throws {
    let server = try Self.greeter()
    let proxy = try Self.proxy([server.port], drainTimeout: "1s")
    let socket = try BlockingSocket.connect(port: proxy.port)
    #expect(try socket.receive(until: "\n") == "hello\n")
    #expect(proxy.stop())
    #expect(try socket.receiveAll().isEmpty)
  }
}
