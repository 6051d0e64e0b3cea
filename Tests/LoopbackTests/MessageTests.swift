import Primitives
import Testing
import WeirTesting

/// Shapes of messages that are valid and rare (RFC 9110, RFC 9112).
@Suite(.serialized)
struct MessageTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// An endpoint whose answer is the request it got.
  private func echo() throws -> ScriptedEndpoint {
    try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
  }

  /// RFC 9110 §9.3.7.
  @Test func forwardsOptionsOfTheServerItself() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(answer.contains("\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n"), "\(answer)")
    #expect(proxy.stop())
  }

  /// RFC 9112 §3.2.2: the target's authority goes before the field.
  @Test(arguments: [
    ("http://b.test/x?y=z", "GET /x?y=z HTTP/1.1\r\nHost: b.test\r\n"),
    ("http://b.test:81", "GET / HTTP/1.1\r\nHost: b.test:81\r\n"),
  ])
  func forwardsAbsoluteTargets(target: String, head: String) throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange(
      "GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(answer.contains("\r\n\r\n\(head)"), "\(answer)")
    #expect(proxy.stop())
  }

  /// RFC 9110 §7.6.1, both ways.
  @Test func dropsWhatConnectionNominates() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nConnection: X-Private\r\nX-Private: 1\r\nX-Public: 2\r\n"
        + "Keep-Alive: timeout=9\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get(
      "/", headers: "Connection: x-hop\r\nX-Hop: 3\r\nX-End: 4\r\nProxy-Connection: keep-alive\r\n")
    for gone in ["x-hop", "X-Hop", "X-Private", "Keep-Alive", "Proxy-Connection"] {
      #expect(!answer.contains(gone), "\(answer)")
    }
    #expect(answer.contains("X-End: 4\r\n") && answer.contains("X-Public: 2\r\n"))
    #expect(proxy.stop())
  }

  /// RFC 9110 §10.1.4: what the client said is hop-by-hop; that trailers are welcome is passed on.
  @Test(arguments: [("TE: trailers, gzip;q=0.5\r\n", true), ("TE: gzip\r\n", false)])
  func saysThatTrailersAreWelcome(field: String, isSaid: Bool) throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/", headers: "Connection: TE\r\n\(field)")
    #expect(answer.contains("\r\nTE: trailers\r\nConnection: te\r\n") == isSaid, "\(answer)")
    #expect(!answer.contains("gzip"))
    #expect(proxy.stop())
  }

  @Test func keepsConnectionsOfHTTP10Open() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    for number in 1...2 {
      try socket.send("GET /\(number) HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
      let answer = try socket.receiveMessage()
      #expect(answer.contains("connection: keep-alive\r\n"), "\(answer)")
      #expect(answer.contains("GET /\(number) HTTP/1.1\r\n"))
    }
    try socket.send("GET /3 HTTP/1.0\r\nHost: a\r\n\r\n")
    #expect(try socket.receiveAll().contains("connection: close\r\n"))
    #expect(proxy.stop())
  }

  /// RFC 9112 §6.3: a body that ends with its connection; chunks keep the client's open.
  @Test func passesBodiesThatEndWithTheConnection() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\n\r\nabc")
      connection.shutdownSend()
      _ = try connection.receive()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    for _ in 0..<2 {
      try socket.send(Self.get)
      let answer = try socket.receive(until: "\r\n0\r\n\r\n")
      #expect(answer.contains("transfer-encoding: chunked\r\n") && answer.contains("abc\r\n0\r\n"))
    }
    let old = try proxy.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(old.hasSuffix("\r\n\r\nabc") && old.contains("connection: close\r\n"), "\(old)")
    #expect(try proxy.counted("none", 200) == 3)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// RFC 9112 §6.3: no body whatever the fields say; bytes behind the head are nobody's.
  @Test(arguments: [
    ("GET", "204 No Content", "", 204), ("GET", "304 Not Modified", "Content-Length: 6\r\n", 304),
    ("HEAD", "200 OK", "Content-Length: 6\r\n", 200),
    ("HEAD", "200 OK", "Transfer-Encoding: chunked\r\n", 200),
    ("HEAD", "404 Not Found", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", 404),
  ])
  func dropsBytesBehindWhatHasNoBody(
    method: String, status: String, field: String, code: Int
  ) throws {
    let endpoint = try ScriptedEndpoint { connection, number in
      while try !connection.receiveMessage().isEmpty {
        try connection.send(
          number == 0 ? "HTTP/1.1 \(status)\r\n\(field)\r\npoison" : Self.ok)
      }
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n")
    let answer = try socket.receive(until: "\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 \(code) ") && answer.hasSuffix("\r\n\r\n"), "\(answer)")
    // The client's connection goes on, the endpoint's does not.
    try socket.send(Self.get)
    #expect(try socket.receive(until: "\r\n\r\nok").hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.closed(by: "unsolicited") == 1)
    #expect(try proxy.opened() == 2)
    socket.close()
    #expect(proxy.stop())
  }

  @Test func addsViaWhereConfigured() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port], top: "telemetry: { via: true }")
    #expect(try proxy.get("/", headers: "Via: 1.0 b\r\n").contains("via: 1.1 weir\r\n"))
    #expect(try proxy.exchange("GET / HTTP/1.0\r\n\r\n").contains("via: 1.0 weir\r\n"))
    #expect(proxy.stop())
  }
}
