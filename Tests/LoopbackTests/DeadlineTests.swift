import Foundation
import Primitives
import Testing
import WeirTesting

/// Each clock of an exchange, and peers that leave or cannot be reached.
@Suite(.serialized)
struct DeadlineTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let large = [UInt8](repeating: 0x61, count: 16 << 20)

  @Test func cutsAnAnswerAtTheTotalTimeout() throws {
    let endpoint = try ScriptedEndpoint { connection, number in
      _ = try connection.receiveMessage()
      if number == 1 { try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab") }
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: "[{ match: { prefix: / }, upstream: service, total_timeout: 1s }]")
    try proxy.expectAnswered(
      try proxy.get("/"), as: .totalTimeout)
    // An answer that has begun is cut: the client sees a reset, not an end.
    #expect(throws: BlockingSocket.Failure.self) { _ = try proxy.get("/") }
    try proxy.expectCounted(.totalTimeout, 200)
    #expect(proxy.stop())
  }

  @Test func cutsAnAnswerThatStands() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], upstream: "timeouts: { stream_idle: 1s }")
    #expect(throws: BlockingSocket.Failure.self) { _ = try proxy.get("/") }
    try proxy.expectCounted(.streamIdleTimeout, 200)
    #expect(proxy.stop())
  }

  @Test func cutsAnEndpointThatDoesNotRead() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      release.wait()
      connection.close()
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], upstream: "timeouts: { stream_idle: 1s }")
    let socket = try BlockingSocket.connect(port: proxy.port)
    try? socket.send(
      Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(Self.large.count)\r\n\r\n".utf8))
    try? socket.send(Self.large)
    try proxy.expectCounted(.upstreamWriteStalled, 504)
    release.signal()
    #expect(proxy.stop())
  }

  @Test func cutsAClientThatDoesNotRead() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.large.count)\r\n\r\n")
      try connection.send(Self.large)
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "timeouts: { write_stall: 200ms }")
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.get)
    try proxy.expectCounted(.downstreamWriteStalled, 499)
    socket.close()
    #expect(proxy.stop())
  }

  @Test func leavesTheEndpointWhenTheClientHasLeft() throws {
    let left = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      _ = try? connection.receiveAll()
      left.signal()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.get)
    #expect(
      try proxy.eventually {
        try proxy.metric("weir_upstream_attempts_total{upstream=\"service\"}") == 1
      })
    socket.close()
    #expect(left.comes())
    try proxy.expectCounted(.downstreamClosed, 499)
    #expect(proxy.stop())
  }

  @Test func timesOutAConnect() throws {
    // The queue of one is full: further SYNs are dropped.
    let (listener, port) = try BlockingSocket.listen(backlog: 0)
    let queued = try BlockingSocket.connect(port: port)
    let proxy = try RunningProxy(endpoints: [port], upstream: "timeouts: { connect: 100ms }")
    let answer = try proxy.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 504 ") && answer.contains("connection_timeout"))
    try proxy.expectAnswered(answer, as: .connectTimeout)
    queued.close()
    listener.close()
    #expect(proxy.stop())
  }

  @Test(
    arguments: [
      ("unix:/nonexistent/weir.sock", .connectRefused),
      // TCP does not go to a broadcast address.
      ("127.255.255.255:80", .connectFailed),
      ("no-such-host.invalid:80", .nameUnresolved),
    ] as [(String, FailureKind)])
  func namesWhatCannotBeReached(address: String, failure: FailureKind) throws {
    let proxy = try RunningProxy(
      """
      admin: { address: 127.0.0.1:0 }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes:
            - { match: { path: /alive }, respond: { body: alive } }
            - { match: { prefix: / }, upstream: service }
      upstreams: { service: { endpoints: ["\(address)"] } }
      """, route: "1")
    try proxy.expectAnswered(try proxy.get("/"), as: failure)
    #expect(proxy.stop())
  }

  @Test func namesAReset() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      connection.resetOnClose()
      connection.close()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    try proxy.expectAnswered(
      try proxy.get("/"), as: .upstreamReset)
    #expect(proxy.stop())
  }

  @Test func cutsWhatIsLeftAtTheDrainsEnd() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in _ = try connection.receiveAll() }
    let proxy = try RunningProxy(
      """
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: 1s }
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [{ match: { prefix: / }, upstream: service }] }
      upstreams: { service: { endpoints: ["127.0.0.1:\(endpoint.port)"] } }
      """)
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.get)
    #expect(
      try proxy.eventually {
        try proxy.metric("weir_upstream_attempts_total{upstream=\"service\"}") == 1
      })
    _ = try proxy.admin("/drain", method: "POST")
    let answer = try socket.receiveAll()
    #expect(answer.hasPrefix("HTTP/1.1 503 "))
    #expect(
      answer.contains("proxy-status: weir; error=connection_terminated; details=\"drain_timeout\""))
    #expect(proxy.stop())
  }
}
