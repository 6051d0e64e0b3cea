import ControlPlane
import Foundation
import Testing
import WeirTesting

/// Connections that carry a login: each belongs to one client, and no other is answered as that one.
@Suite(.serialized)
struct ConnectionLoginTests {
  private let login = "Authorization: NTLM "

  private func client(_ proxy: RunningProxy) throws -> BlockingSocket {
    try BlockingSocket.connect(port: proxy.port)
  }

  private func ask(
    _ client: BlockingSocket, _ path: String = "/", _ fields: String = ""
  ) throws -> String {
    try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
    return try client.receiveMessage()
  }

  private func logIn(_ client: BlockingSocket, as name: String) throws {
    #expect(try ask(client).hasPrefix("HTTP/1.1 401 "))
    #expect(try ask(client, "/", "\(login)one\r\n").contains("\(LoginEndpoint.challenge)"))
    #expect(try ask(client, "/", "\(login)as-\(name)\r\n").contains("\(name) on "))
  }

  private func privates(_ proxy: RunningProxy) throws -> Double {
    try proxy.metric("weir_upstream_connections_private{upstream=\"service\"}")
  }

  @Test func eachClientIsAnsweredAsItself() throws {
    let endpoint = try LoginEndpoint()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let first = try client(proxy)
    try logIn(first, as: "ann")
    let second = try client(proxy)
    // A stranger is not answered as Ann, now or when she has left.
    #expect(try ask(second).hasPrefix("HTTP/1.1 401 "))
    try logIn(second, as: "ben")
    for _ in 0..<3 {
      #expect(try ask(first).contains("ann on "))
      #expect(try ask(second).contains("ben on "))
    }
    #expect(try privates(proxy) == 2)
    // All of a client's requests came on one connection.
    #expect(Set(endpoint.seen.map(\.connection)).count == 2)
    first.close()
    #expect(try proxy.eventually { try privates(proxy) == 1 })
    #expect(try proxy.closed(by: "client") == 1)
    #expect(try ask(try client(proxy)).hasPrefix("HTTP/1.1 401 "))
    second.close()
    #expect(try proxy.eventually { try privates(proxy) == 0 })
    #expect(proxy.stop())
  }

  /// Whatever tells of a login keeps the connection out of the pool.
  @Test(arguments: [
    ("Authorization: NTLM one", ""), ("authorization: ntlm", ""),
    ("Authorization: Negotiate YII=", ""),
    ("AUTHORIZATION: nEGOTIATE", ""), ("Authorization: Nego2 a", ""),
    ("Proxy-Authorization: NTLM a", ""), ("Proxy-Authorization: negotiate", ""),
    ("", "WWW-Authenticate: NTLM"), ("", "WWW-Authenticate: Negotiate oYH="),
    ("", "www-authenticate: Basic realm=\"a, b\", nTLM"),
    ("", "WWW-Authenticate: Basic\r\nWWW-Authenticate: Digest a=b\r\nWWW-Authenticate: Negotiate"),
    ("", "Proxy-Authenticate: Kerberos"), ("", "Proxy-Authenticate: Basic, NTLM TlRM"),
    ("", "Persistent-Auth: true"), ("", "Proxy-Support: Session-Based-Authentication"),
  ])
  func isNotPooled(request: String, answer: String) throws {
    let endpoint = try ScriptedEndpoint.answering { received in
      let fields = received.contains("/login") && !answer.isEmpty ? "\(answer)\r\n" : ""
      return "HTTP/1.1 200 OK\r\n\(fields)Content-Length: 2\r\n\r\nok"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let first = try client(proxy)
    let fields = request.isEmpty ? "" : "\(request)\r\n"
    #expect(try ask(first, "/login", fields).hasSuffix("ok"))
    #expect(try privates(proxy) == 1)
    #expect(try proxy.get("/other").hasSuffix("ok"))
    #expect(try proxy.opened() == 2)
    // The client itself goes on with its own.
    #expect(try ask(first, "/again").hasSuffix("ok"))
    #expect(try proxy.opened() == 2)
    first.close()
    #expect(proxy.stop())
  }

  /// Logins that stand in each request are none of the connection.
  @Test(arguments: [
    "Authorization: Basic TlRNTDpOVExN", "Authorization: Bearer ntlm.negotiate", "X-Login: NTLM",
    "Authorization: Digest username=\"ntlm\"", "Proxy-Authorization: Basic NTLM",
  ])
  func otherLoginsArePooled(field: String) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"NTLM\"\r\nPersistent-Auth: false\r\n"
        + "Content-Length: 0\r\n\r\n"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    for _ in 0..<2 { #expect(try proxy.get("/", headers: "\(field)\r\n").contains(" 401 ")) }
    #expect(try proxy.opened() == 1)
    #expect(try privates(proxy) == 0)
    #expect(proxy.stop())
  }

  @Test func realClientsLogIn() throws {
    let endpoint = try LoginEndpoint()
    let other = try LoginEndpoint()
    let proxy = try RunningProxy(endpoints: [endpoint.port, other.port])
    let url = "http://127.0.0.1:\(proxy.port)/"
    for _ in 0..<3 {
      let output = try Command.run(
        "curl", ["-s", "--ntlm", "-u", "curl:secret", "-w", " %{http_code}\\n", url, url])
      let lines = output.split(separator: "\n")
      #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("curl on ") }, "\(output)")
      #expect(lines.allSatisfy { $0.hasSuffix(" 200") }, "\(output)")
    }
    #expect(proxy.stop())
  }

  /// Its login is gone, so its connection goes too: directly connected it would have seen the same.
  @Test func endsWithTheEndpointsConnection() throws {
    let endpoint = try LoginEndpoint()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: { prefix: / }, upstream: service, retry: { attempts: 3, on: [reset, 502] } }]
        """)
    let first = try client(proxy)
    try logIn(first, as: "ann")
    let before = endpoint.seen.count
    // Idempotent and retried by the route: but elsewhere it would be nobody's.
    let answer = try ask(first, "/close")
    #expect(answer.hasPrefix("HTTP/1.1 502 ") && answer.contains("connection: close"), "\(answer)")
    #expect(try first.receiveAll().isEmpty)
    #expect(endpoint.seen.count == before + 1)
    let refusals = """
      weir_upstream_retries_refused_total{upstream="service",refusal="connection_login"}
      """
    #expect(try proxy.metric(refusals) == 1)
    #expect(proxy.stop())
  }

  /// The endpoint ends it between two requests.
  @Test func anIdleClientIsClosedWithIt() throws {
    let answered = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send(
        "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")
      answered.wait()
      connection.close()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let first = try client(proxy)
    #expect(try ask(first).hasPrefix("HTTP/1.1 401 "))
    #expect(try privates(proxy) == 1)
    answered.signal()
    #expect(try first.receiveAll().isEmpty)
    #expect(try privates(proxy) == 0)
    #expect(proxy.stop())
  }

  /// An answer that ends the connection is announced to the client as such.
  @Test func announcesTheEnd() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      request.contains("/last")
        ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        : "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let first = try client(proxy)
    #expect(try !ask(first).contains("connection: close"))
    #expect(try ask(first, "/last").contains("connection: close"))
    #expect(try first.receiveAll().isEmpty)
    #expect(proxy.stop())
  }

  /// At the limit the login that has been idle longest makes room.
  @Test func doesNotHoldTheLimitForEver() throws {
    let endpoint = try LoginEndpoint()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], upstream: "limits: { connections: 2 }")
    let ann = try client(proxy)
    try logIn(ann, as: "ann")
    let ben = try client(proxy)
    try logIn(ben, as: "ben")
    #expect(try ask(ann).contains("ann on "))
    let cid = try client(proxy)
    try logIn(cid, as: "cid")
    #expect(try ben.receiveAll().isEmpty)
    #expect(try ask(ann).contains("ann on "))
    #expect(try proxy.metric("weir_upstream_connections{upstream=\"service\"}") == 2)
    #expect(proxy.stop())
  }

  @Test func drainsWithItsClient() throws {
    let endpoint = try LoginEndpoint()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let ann = try client(proxy)
    try logIn(ann, as: "ann")
    #expect(proxy.stop())
    #expect(try ann.receiveAll().isEmpty)
  }

  /// A hedge would go to another connection, where nobody has logged in.
  @Test func isNotHedged() throws {
    let held = DispatchSemaphore(value: 0)
    func endpoint() throws -> ScriptedEndpoint {
      try ScriptedEndpoint { connection, _ in
        while true {
          let request = try connection.receiveMessage()
          if request.isEmpty { return }
          if request.contains("/slow") { _ = held.wait(timeout: .now() + .milliseconds(200)) }
          let field = request.contains("/plain") ? "X-A: b" : "WWW-Authenticate: NTLM a"
          try connection.send("HTTP/1.1 401 No\r\n\(field)\r\nContent-Length: 0\r\n\r\n")
        }
      }
    }
    let proxy = try RunningProxy(
      endpoints: [try endpoint().port, try endpoint().port],
      routes: """
        [{ match: { prefix: / }, upstream: service,
           hedge: { percentile: 50%, minimum_delay: 1ms, budget: 100% } }]
        """)
    func hedges() throws -> Double {
      let results = try ["won", "lost"].map { result in
        try proxy.metric("weir_hedges_total{upstream=\"service\",result=\"\(result)\"}")
      }
      return results.reduce(0, +)
    }
    let first = try client(proxy)
    // So that there is a percentile to go by.
    for _ in 0..<110 { _ = try ask(first, "/plain") }
    _ = try ask(first, "/plain/slow")
    let before = try hedges()
    #expect(before > 0)
    // The first leg, and what follows on the connection that it made the client's own.
    for fields in ["\(login)one\r\n", "", ""] {
      #expect(try ask(first, "/slow", fields).contains("NTLM a"))
    }
    #expect(try hedges() == before)
    #expect(proxy.stop())
  }

  /// The endpoint's breaker holds for them too, and the login outlives it.
  @Test func waitsForItsEndpointsBreaker() throws {
    let endpoints = try [LoginEndpoint(), LoginEndpoint()]
    let proxy = try RunningProxy(
      endpoints: endpoints.map(\.port), upstream: "endpoint_circuit_breaker: {}")
    let ann = try client(proxy)
    try logIn(ann, as: "ann")
    let own = try #require(endpoints.first { !$0.seen.isEmpty })
    let subject = "service?scope=endpoint&subject=127.0.0.1:\(own.port)"
    func put(_ state: String) throws -> String {
      try proxy.admin("/circuit-breakers/\(subject)", method: "PUT", body: state)
    }
    #expect(try put("forced_open").contains("forced_open"))
    // The other endpoint is well, but Ann has not logged in there.
    let refused = try ask(ann)
    #expect(refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("circuit_open"), "\(refused)")
    #expect(try put("released").contains("recovering"))
    #expect(try ask(ann).contains("ann on "))
    #expect(endpoints.filter { !$0.seen.isEmpty }.count == 1)
    #expect(proxy.stop())
  }

  /// A reload without the endpoint ends the login, one that leaves it alone does not.
  @Test func endsWithItsEndpointsPlaceInTheMesh() throws {
    let endpoint = try LoginEndpoint()
    let other = try LoginEndpoint()
    func yaml(_ ports: [UInt16], _ extra: String = "") -> String {
      let list = ports.map { "127.0.0.1:\($0)" }.joined(separator: ", ")
      return """
        workers: 1
        admin: { address: 127.0.0.1:0 }
        listeners:
          - { name: ingress, address: 127.0.0.1:0, routes: [{ match: {}, upstream: service }] }
        upstreams: { service: { endpoints: [\(list)]\(extra) } }
        """
    }
    let proxy = try RunningProxy(yaml([endpoint.port]))
    let ann = try client(proxy)
    try logIn(ann, as: "ann")
    try proxy.rewrite(yaml([endpoint.port, other.port], ", timeouts: { pool_idle: 3s }"))
    proxy.plane.reload()
    #expect(try proxy.eventually { try proxy.metric("weir_config_reloads_total") >= 1 })
    #expect(try ask(ann).contains("ann on "))
    try proxy.rewrite(yaml([other.port]))
    proxy.plane.reload()
    #expect(try ann.receiveAll().isEmpty)
    #expect(try privates(proxy) == 0)
    #expect(proxy.stop())
  }

  /// The first leg goes to a fresh connection: a kept one may have been closed as it was written.
  @Test func beginsOnAFreshConnection() throws {
    let endpoint = try LoginEndpoint()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    #expect(try proxy.get("/open").contains("nobody on 0"))
    let ann = try client(proxy)
    #expect(try ask(ann, "/", "\(login)one\r\n").hasPrefix("HTTP/1.1 401 "))
    #expect(try ask(ann, "/", "\(login)as-ann\r\n").hasSuffix("ann on 1"))
    #expect(try proxy.get("/open").contains("nobody on 0"))
    #expect(proxy.stop())
  }

  /// What a client without keep-alive logs in is nobody's afterwards.
  @Test(arguments: ["Connection: close\r\n", ""])
  func endsWithAClientThatStays(not field: String) throws {
    let endpoint = try LoginEndpoint()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let version = field.isEmpty ? "1.0" : "1.1"
    let answer = try proxy.exchange(
      "GET / HTTP/\(version)\r\nHost: a\r\n\(login)as-ann\r\n\(field)\r\n")
    #expect(answer.contains("ann on "))
    #expect(try proxy.eventually { try proxy.closed(by: "client") == 1 })
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 401 "))
    #expect(try privates(proxy) == 0)
    #expect(proxy.stop())
  }
}
