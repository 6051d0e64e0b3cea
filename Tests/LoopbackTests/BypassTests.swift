import Foundation
import Testing
import WeirTesting

/// Ways past a route or into a service that a hostile peer tries, against a whole proxy.
@Suite(.serialized)
struct BypassTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func echo() throws -> ScriptedEndpoint {
    try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
  }

  @Test func denyRoutesByPatternFailClosed() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: { regex: "/(a|aa|a.)*/admin" }, respond: { status: 403 } },
         { match: { prefix: / }, upstream: service }]
        """)
    let path = "/" + String(repeating: "a", count: 60) + "/admin.php"
    let answer = try proxy.get(path)
    #expect(answer.hasPrefix("HTTP/1.1 500 "), "\(answer)")
    #expect(answer.contains("proxy-status: weir; error=proxy_configuration_error"))
    #expect(
      try proxy.counted("route_match_limit", 500, route: "none", upstream: "none") == 1)
    #expect(try proxy.get("/aaa/admin").hasPrefix("HTTP/1.1 403 "))
    #expect(try proxy.get("/b").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nHost: api%2etest\r\n\r\n", "GET / HTTP/1.1\r\nHost: api.test..\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: api.test.\r\nConnection: close\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\(String(repeating: ".", count: 60))api.test\r\n\r\n",
    "GET /open/..;/ HTTP/1.1\r\nHost: api.test\r\n\r\n",
    "GET http://API.test./ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  ])
  func denyRoutesByHostHold(request: String) throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: { prefix: /, host: [api.test, "*.api.test"] }, respond: { status: 403 } },
         { match: { prefix: / }, upstream: service }]
        """)
    let answer = try proxy.exchange(request)
    #expect(answer.hasPrefix("HTTP/1.1 40"), "\(answer)")
    #expect(proxy.stop())
  }

  @Test(arguments: [204, 304])
  func answersWithoutContentDeclareNone(status: Int) throws {
    let proxy = try RunningProxy(
      endpoints: [1],
      routes: "[{ match: { prefix: / }, respond: { status: \(status) } }]")
    // Two on one connection: the second begins where the first ends.
    let answer = try proxy.exchange(
      "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(answer.components(separatedBy: "HTTP/1.1 \(status) ").count == 3, "\(answer)")
    #expect(!answer.contains("content-length"))
    #expect(answer.hasSuffix("connection: close\r\n\r\n"))
    #expect(proxy.stop())
  }

  @Test func upgradesARequestWithALengthOfZero() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receive(until: "\r\n\r\n")
      #expect(request.contains("Content-Length: 0\r\n") && request.contains("Upgrade: websocket"))
      try connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
      try connection.send(try connection.receive(until: "ping"))
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Content-Length: 0\r\n\r\nping")
    let answer = try socket.receive(until: "ping")
    #expect(answer.hasPrefix("HTTP/1.1 101 "), "\(answer)")
    socket.close()
    #expect(proxy.stop())
  }

  /// What a route removes or sets, a trailer does not bring back; ids and cookies never travel so.
  @Test func editsHoldForTrailersBothWays() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receive(until: "X-Sum: 1\r\n\r\n")
      #expect(request.hasSuffix("\r\n0\r\nX-Sum: 1\r\n\r\n"), "\(request)")
      try connection.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
          + "X-Secret: 3\r\nSet-Cookie: a=b\r\nX-End: 2\r\n\r\n")
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: { prefix: / }, upstream: service, headers:
           { request: { remove: [x-user], set: { x-role: none } },
             response: { remove: [x-secret] } } }]
        """)
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(
      "POST / HTTP/1.1\r\nHost: a\r\nX_User: root\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "2\r\nhi\r\n0\r\nX-User: admin\r\nX_Role: root\r\nX-Request-Id: b\r\nCookie: c\r\n"
        + "X-Sum: 1\r\n\r\n")
    let answer = try socket.receive(until: "X-End: 2\r\n\r\n")
    #expect(answer.hasSuffix("\r\n2\r\nok\r\n0\r\nX-End: 2\r\n\r\n"), "\(answer)")
    socket.close()
    #expect(proxy.stop())
  }

  @Test func disguisedNamesReachNobody() throws {
    let endpoint = try echo()
    // From a trusted peer too: it can spell them properly.
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get(
      "/", headers: "X_Forwarded_For: 6.6.6.6\r\nTransfer_Encoding: chunked\r\nX_Tenant: t\r\n")
    #expect(answer.contains("X_Tenant: t\r\n"))
    #expect(!answer.contains("6.6.6.6") && !answer.contains("Transfer_Encoding"), "\(answer)")
    #expect(proxy.stop())
  }

  @Test func namesTooManyConnectionOptions() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      request.contains("/many")
        ? "HTTP/1.1 200 OK\r\nConnection: \(String(repeating: "a,", count: 40))\r\n\r\n" : Self.ok
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let options = String(repeating: "a,", count: 40)
    let refused = try proxy.exchange(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: \(options)\r\n\r\n")
    #expect(refused.hasPrefix("HTTP/1.1 431 ") && refused.contains("too_many_connection_options"))
    let bad = try proxy.get("/many")
    #expect(bad.hasPrefix("HTTP/1.1 502 ") && bad.contains("too_many_connection_options"))
    #expect(proxy.stop())
  }
}
