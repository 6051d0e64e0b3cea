import Foundation
import Testing
import WeirTesting

/// Forms of requests that mean one thing here and another behind Weir.
@Suite(.serialized)
struct RequestFormTests {
  private func echo() throws -> ScriptedEndpoint { try ForgedIdentityTests.echo() }

  /// RFC 9112 §3.2.4: the last proxy asks for `*`.
  @Test(arguments: [
    ("OPTIONS http://b.test", "OPTIONS * HTTP/1.1\r\nhost: b.test\r\n"),
    ("OPTIONS http://b.test:81", "OPTIONS * HTTP/1.1\r\nhost: b.test:81\r\n"),
    ("OPTIONS *", "OPTIONS * HTTP/1.1\r\nhost: a\r\n"),
    ("OPTIONS http://b.test/", "OPTIONS / HTTP/1.1\r\nhost: b.test\r\n"),
    ("OPTIONS http://b.test?", "OPTIONS /? HTTP/1.1\r\nhost: b.test\r\n"),
    ("OPTIONS http://b.test?q", "OPTIONS /?q HTTP/1.1\r\nhost: b.test\r\n"),
    ("GET http://b.test", "GET / HTTP/1.1\r\nhost: b.test\r\n"),
  ])
  func asksForTheServerAsAWhole(line: String, expected: String) throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: "[{ match: { prefix: / }, upstream: service, rewrite: { prefix: / } }]")
    let answer = try proxy.exchange(
      "\(line) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(answer.replacing("\r\nHost: ", with: "\r\nhost: ").contains(expected), "\(answer)")
    #expect(proxy.stop())
  }

  @Test func denyRoutesByPathHold() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: { prefix: /admin }, respond: { status: 403 } },
         { match: { prefix: / }, upstream: service }]
        """)
    for path in [
      "/%2fadmin", "/admin%2f", "/%5cadmin", "/x%2f/admin", "/%2F%2fadmin", "/%c0%afadmin",
      "/x/%c0%ae%c0%ae/admin",
    ] {
      let answer = try proxy.get(path)
      #expect(
        answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("bad_path"), "\(path): \(answer)")
    }
    #expect(try proxy.get("//admin").hasPrefix("HTTP/1.1 403 "))
    #expect(try proxy.get("/a%2Fb").contains("GET /a%2Fb HTTP/1.1"))
    #expect(proxy.stop())
  }

  @Test func slashesAreKeptWhereTheListenerSaysSo() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: { prefix: //cdn }, respond: { body: cdn } },
         { match: { prefix: / }, upstream: service }]
        """, listener: "path_normalization: { merge_slashes: false }")
    #expect(try proxy.get("/a//b/../c").contains("GET /a//c HTTP/1.1"))
    #expect(try proxy.get("//cdn/x").hasSuffix("cdn"))
    #expect(try proxy.get("/cdn/x").contains("GET /cdn/x HTTP/1.1"))
    #expect(proxy.stop())
    // Where runs become one, such a route would match nothing.
    #expect(throws: RunningProxy.Unusable.self) {
      try RunningProxy(
        endpoints: [endpoint.port], routes: "[{ match: { prefix: //cdn }, upstream: service }]")
    }
  }

  /// What does not parse would swallow the element that Weir appends.
  @Test(arguments: [
    #"Forwarded: for="6.6.6.6"#, "Forwarded: for=6.6.6.6;secret=\"a\\", "Forwarded: 6.6.6.6",
    "Forwarded: for=10.0.0.1\r\nForwarded: for=\"6.6.6.6", "Forwarded: for=6.6.6.6 x, for=10.0.0.1",
  ])
  func beginsAnewBehindWhatDoesNotParse(field: String) throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/", headers: "\(field)\r\n")
    #expect(answer.contains("\r\nforwarded: for=127.0.0.1;proto=http\r\n"), "\(answer)")
    #expect(!answer.contains("6.6.6.6"))
    #expect(proxy.stop())
  }

  @Test(arguments: [
    "for=203.0.113.7", #"for="[2001:db8::7]:80";proto=https;host="a\"b""#, "for=unknown, for=_x",
    "for=203.0.113.7, for=10.0.0.1;by=10.0.0.2",
  ])
  func continuesWhatParses(value: String) throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/", headers: "Forwarded: \(value)\r\n")
    #expect(answer.contains("\r\nForwarded: \(value), for=127.0.0.1;proto=http\r\n"), "\(answer)")
    #expect(proxy.stop())
  }

  /// A client that ends its direction behind its request, as `nc -N` does.
  @Test(arguments: [false, true]) func halfClosedClients(areAnswered: Bool) throws {
    let arrived = DispatchSemaphore(value: 0)
    let released = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      while true {
        let request = try connection.receiveMessage()
        if request.isEmpty { return }
        arrived.signal()
        if !request.contains("/quick") { released.wait() }
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: areAnswered ? "answer_half_closed: true" : "")
    let client = try BlockingSocket.connect(port: proxy.port)
    try client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
    arrived.wait()
    client.shutdownSend()
    if areAnswered {
      released.signal()
      #expect(try client.receiveAll().hasSuffix("ok"))
    } else {
      #expect(try proxy.eventually { try proxy.counted("downstream_closed", 499) == 1 })
      released.signal()
      #expect(throws: BlockingSocket.Failure.self) { try client.receive() }
    }
    guard areAnswered else {
      #expect(proxy.stop())
      return
    }
    // Pipelined requests too; a body that was cut short is no request, and a reset is an end.
    let second = try BlockingSocket.connect(port: proxy.port)
    try second.send(
      "GET /quick HTTP/1.1\r\nHost: a\r\n\r\nGET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
    second.shutdownSend()
    #expect(try second.receiveAll().components(separatedBy: " 200 OK").count == 3)
    let third = try BlockingSocket.connect(port: proxy.port)
    try third.send("POST /quick HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi")
    third.shutdownSend()
    #expect(try proxy.eventually { try proxy.counted("downstream_closed", 499) == 1 })
    let fourth = try BlockingSocket.connect(port: proxy.port)
    try fourth.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
    arrived.wait()
    arrived.wait()
    arrived.wait()
    fourth.shutdownSend()
    fourth.resetOnClose()
    fourth.close()
    #expect(try proxy.eventually { try proxy.counted("downstream_closed", 499) == 2 })
    released.signal()
    #expect(proxy.stop())
  }

  @Test func netcatIsAnswered() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "answer_half_closed: true")
    let script = "printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' | nc -N 127.0.0.1 \(proxy.port)"
    #expect(try Command.run("sh", ["-c", script]).hasSuffix("ok"))
    #expect(proxy.stop())
  }
}
