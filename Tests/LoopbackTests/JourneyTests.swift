import Foundation
import Testing
import WeirTesting

/// What goes right: the shapes that requests and answers take on their way.
@Suite(.serialized)
struct JourneyTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  /// An endpoint whose answer is the request it got.
  private func echo() throws -> ScriptedEndpoint {
    try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
  }

  @Test func setsForwardedFieldsAndIdentity() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], top: "trusted_proxies: [192.0.2.0/24]")
    let answer = try proxy.get(
      "/a?b=c", headers: "X-Forwarded-For: 6.6.6.6\r\nX-Request-Id: mine\r\nKeep-Alive: 5\r\n")
    #expect(answer.contains("GET /a?b=c HTTP/1.1\r\nHost: test\r\n"))
    #expect(answer.contains("x-forwarded-for: 127.0.0.1\r\n"))
    #expect(answer.contains("x-forwarded-host: test\r\n"))
    #expect(answer.contains("traceparent: 00-"))
    #expect(!answer.contains("6.6.6.6"))
    #expect(!answer.contains("mine"))
    #expect(!answer.lowercased().contains("keep-alive: 5"))
    #expect(proxy.stop())
  }

  @Test func believesTrustedProxies() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get(
      "/", headers: "X-Forwarded-For: 6.6.6.6\r\nX-Request-Id: mine\r\nX-Forwarded-Proto: https\r\n"
    )
    #expect(answer.contains("X-Forwarded-For: 6.6.6.6, 127.0.0.1\r\n"))
    #expect(answer.contains("X-Request-Id: mine\r\n"))
    #expect(answer.lowercased().contains("x-forwarded-proto: https\r\n"))
    #expect(proxy.stop())
  }

  @Test func servesPipelinedRequestsInOrder() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz"
        + "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    let first = try #require(answer.firstRange(of: "GET /1 "))
    let second = try #require(answer.firstRange(of: "POST /2 "))
    let third = try #require(answer.firstRange(of: "GET /3 "))
    #expect(first.lowerBound < second.lowerBound && second.lowerBound < third.lowerBound)
    #expect(
      try proxy.metric("weir_upstream_connections_opened_total{upstream=\"service\"}") == 1)
    #expect(try proxy.metric("weir_upstream_connections_reused_total{upstream=\"service\"}") == 2)
    #expect(proxy.stop())
  }

  /// A client that sends ahead gets one request a turn, and whoever else is ready comes between.
  @Test func takesOneRequestATurn() throws {
    let proxy = try RunningProxy(
      endpoints: [9], routes: "[{ match: { prefix: / }, respond: { body: x } }]")
    let turns = "weir_loop_turn_seconds_count"
    let before = try proxy.metric(turns)
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    let answer = try proxy.exchange(
      String(repeating: request, count: 200)
        + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(answer.components(separatedBy: "HTTP/1.1 200 ").count == 202)
    #expect(try proxy.metric(turns) - before >= 201)
    #expect(proxy.stop())
  }

  @Test func passesChunksAndTrailersBothWays() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receive(until: "hello\r\n0\r\nX-Sum: 1\r\n\r\n")
      #expect(request.contains("Transfer-Encoding: chunked\r\n"))
      try connection.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-End: 2\r\n\r\n")
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n")
    let answer = try socket.receive(until: "X-End: 2\r\n\r\n")
    #expect(answer.contains("\r\n3\r\nabc\r\n0\r\nX-End: 2\r\n\r\n"), "\(answer)")
    socket.close()
    #expect(proxy.stop())
  }

  @Test func relays100Continue() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
      #expect(try connection.receive(until: "body") == "body")
      try connection.send(Self.ok)
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    #expect(try socket.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
    try socket.send("body")
    #expect(try socket.receive(until: "ok").hasPrefix("HTTP/1.1 200 OK"))
    socket.close()
    #expect(proxy.stop())
  }

  @Test func tunnelsAnUpgradeWithHalfClose() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receive(until: "\r\n\r\n")
      #expect(request.contains("Connection: upgrade\r\n") && request.contains("Upgrade: websocket"))
      try connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi")
      let sent = try connection.receiveAll()
      try connection.send("got \(sent)")
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    #expect(try socket.receive(until: "hi").hasPrefix("HTTP/1.1 101 "))
    try socket.send("ping")
    socket.shutdownSend()
    #expect(try socket.receiveAll() == "got ping")
    #expect(proxy.stop())
  }

  @Test func answersHeadAndHTTP10() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      request.hasPrefix("HEAD")
        ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
        : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let head = try proxy.exchange("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(head.contains("Content-Length: 99\r\n") && head.hasSuffix("\r\n\r\n"))
    let old = try proxy.exchange("GET / HTTP/1.0\r\n\r\n")
    #expect(old.hasSuffix("\r\n\r\nabc") && !old.contains("chunked"))
    #expect(proxy.stop())
  }

  @Test func retriesAReusedConnectionThatDied() throws {
    let endpoint = try ScriptedEndpoint { connection, number in
      _ = try connection.receiveMessage()
      try connection.send(Self.ok)
      // The first connection dies with the second request in its hands.
      _ = try connection.receive()
      if number > 0 { try connection.send(Self.ok) }
      connection.close()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    #expect(try proxy.get("/").contains("200 OK"))
    #expect(try proxy.get("/").contains("200 OK"))
    let retries = """
      weir_upstream_retries_total{upstream="service",reason="stale_connection",result="success"}
      """
    #expect(try proxy.metric(retries) == 1)
    #expect(proxy.stop())
  }

  @Test func neverSendsAPostTwice() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send(Self.ok)
      _ = try connection.receive()
      connection.close()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    #expect(try proxy.get("/").contains("200 OK"))
    let answer = try proxy.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
    #expect(answer.hasPrefix("HTTP/1.1 502 "), "\(answer)")
    #expect(answer.contains("upstream_closed"))
    #expect(try !proxy.admin("/metrics").contains("weir_upstream_retries_total{"))
    #expect(proxy.stop())
  }

  @Test func rewritesRedirectsAndResponds() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: { prefix: /api }, upstream: service, rewrite: { prefix: /v2 },
             headers: { request: { set: { x-a: b }, remove: [cookie] }, response: { set: { x-r: s } } } },
           { match: { prefix: /old }, redirect: { path: /new, status: 301 } },
           { match: { path: /fixed }, respond: { status: 202, body: hello } }]
        """)
    let rewritten = try proxy.get("/api/x", headers: "Cookie: c\r\nX-A: z\r\n")
    #expect(rewritten.contains("GET /v2/x HTTP/1.1"))
    #expect(rewritten.contains("x-a: b\r\n") && !rewritten.contains("X-A: z"))
    #expect(!rewritten.contains("Cookie") && rewritten.contains("x-r: s\r\n"))
    let moved = try proxy.get("/old?q=1")
    #expect(moved.hasPrefix("HTTP/1.1 301 ") && moved.contains("location: http://test/new?q=1\r\n"))
    let fixed = try proxy.get("/fixed")
    #expect(fixed.hasPrefix("HTTP/1.1 202 ") && fixed.hasSuffix("hello"))
    #expect(proxy.stop())
  }

  @Test func drainsWhatIsInFlight() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      release.wait()
      try connection.send(Self.ok)
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    try proxy.expectAttempts(1)
    _ = try proxy.admin("/drain", method: "POST")
    #expect(try proxy.admin("/readyz").hasPrefix("HTTP/1.1 503 "))
    // The worker hears of it by mail: it does when nobody listens any more.
    let isClosed = proxy.eventually { (try? BlockingSocket.connect(port: proxy.port)) == nil }
    #expect(isClosed)
    release.signal()
    let answer = try socket.receiveAll()
    #expect(answer.contains("200 OK") && answer.contains("connection: close\r\n"))
    #expect(proxy.stop())
  }

  @Test func streamsLargeBodiesThroughNginx() throws {
    let nginx = try Nginx()
    let proxy = try RunningProxy(endpoints: [nginx.port])
    let output = try Command.run(
      "curl",
      [
        "-s", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
        "http://127.0.0.1:\(proxy.port)/large",
      ])
    #expect(output == "200 \(Nginx.largeBytes)")
    let upload = try Command.run(
      "curl",
      [
        "-s", "-T", nginx.largeFile, "-o", "/dev/null", "-w", "%{http_code} %{size_upload}",
        "http://127.0.0.1:\(proxy.port)/upload",
      ])
    #expect(upload == "201 \(Nginx.largeBytes)" || upload == "204 \(Nginx.largeBytes)")
    #expect(nginx.uploadedBytes == Nginx.largeBytes)
    #expect(proxy.stop())
    nginx.stop()
  }
}
