import Foundation
import HTTP1
import Testing
import WeirTesting

/// What only a proxy in front may say, said by a stranger.
@Suite(.serialized)
struct ForgedIdentityTests {
  static let strangers = "trusted_proxies: [192.0.2.1]"

  static func echo() throws -> ScriptedEndpoint {
    try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
  }

  static let names = [
    "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Prefix", "X-Forwarded-User",
    "x-FORWARDED",
    "X-Forwarded-Client-Cert", "X-Forwarded-Tls-Client-Cert-Info-And-More-Than-That", "X-Real-IP",
    "x-real-ip", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Client-IP",
    "X-Cluster-Client-IP", "X-Original-Forwarded-For", "X-Original-URL", "X-Rewrite-URL",
    "X-Envoy-External-Address", "X-Envoy-Internal", "X-Envoy-Upstream-Rq-Timeout-Ms",
    "X-Weir-Anything", "l5d-dst-override", "X-Auth-Request-Email", "X-Remote-User", "Client-Cert",
    "X-SSL-Client-Verify", "X-Amzn-Oidc-Identity", "X-Goog-IAP-JWT-Assertion",
    "X-MS-CLIENT-PRINCIPAL-NAME", "Proxy",
  ]

  @Test func reachesNoService() throws {
    let endpoint = try Self.echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port], top: Self.strangers)
    for name in Self.names {
      let answer = try proxy.get("/", headers: "X-A: 1\r\n\(name): forged\r\nX-B: 2\r\n")
      #expect(answer.contains("X-A: 1\r\nX-B: 2\r\n") && !answer.contains("forged"), "\(answer)")
    }
    let all = Self.names.map { "\($0): forged\r\n" }.joined()
    let answer = try proxy.get("/", headers: all)
    #expect(answer.contains(" 200 ") && !answer.contains("forged"), "\(answer)")
    #expect(proxy.stop())
  }

  @Test func passesFromTrustedProxies() throws {
    let endpoint = try Self.echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/", headers: Self.names.map { "\($0): said\r\n" }.joined())
    for name in Self.names { #expect(answer.contains("\r\n\(name): said\r\n"), "\(name)") }
    #expect(proxy.stop())
  }

  /// CGI, WSGI and lighttpd read all of these as the name with a `-`.
  @Test(arguments: [
    "X_Real_IP", "x_forwarded-port", "X.Forwarded.Port", "X-Forwarded_Port", "True_Client_IP",
    "X~Real~IP", "X_Forwarded_For", "X.Request.Id", "Cf_Connecting_Ip", "X_ENVOY_INTERNAL",
    "X-Forwarded-Foo_Bar", "l5d_dst-override",
  ])
  func reachesNobodyInDisguise(name: String) throws {
    let endpoint = try Self.echo()
    for top in ["", Self.strangers] {
      let proxy = try RunningProxy(endpoints: [endpoint.port], top: top)
      let answer = try proxy.get("/", headers: "\(name): 6.6.6.6\r\nX_Tenant: t\r\n")
      #expect(answer.contains("X_Tenant: t\r\n") && !answer.contains("6.6.6.6"), "\(answer)")
      #expect(proxy.stop())
    }
  }

  @Test(arguments: [
    "X-Tenant", "X-Forward", "X-Real-IPs", "X-Reals", "Cookie", "X-Api-Key", "X-Client-Version",
    "Forwarded-Fo", "X-Requested-With", "Authorization", "X-HTTP-Method-Override", "Proxies",
    "X-Er",
    "Clients", "CF", "x", "Referer", "X-Enve", "Lid-a", "Tracing", "X-Hosting",
  ])
  func otherNamesPass(name: String) throws {
    let endpoint = try Self.echo()
    let proxy = try RunningProxy(endpoints: [endpoint.port], top: Self.strangers)
    #expect(try proxy.get("/", headers: "\(name): v\r\n").contains("\r\n\(name): v\r\n"))
    #expect(proxy.stop())
  }

  /// A route, a limit and a hash see no more of it than the service does.
  @Test func openNoRoute() throws {
    let endpoint = try Self.echo()
    let routes = """
      [{ match: { prefix: /, headers: { x-forwarded-proto: https } }, respond: { body: secret } },
       { match: { prefix: /, headers: { x-real-ip: 10.0.0.1 } }, respond: { body: secret } },
       { match: { prefix: /, headers: { x-envoy-internal: "*" } }, respond: { body: secret } },
       { match: { prefix: / }, upstream: service }]
      """
    let fields = ["X-Forwarded-Proto: https", "X-Real-Ip: 10.0.0.1", "X-Envoy-Internal: true"]
    let guarded = try RunningProxy(
      endpoints: [endpoint.port], routes: routes, top: Self.strangers)
    let open = try RunningProxy(endpoints: [endpoint.port], routes: routes)
    for field in fields {
      #expect(try guarded.get("/", headers: "\(field)\r\n").contains("GET / "))
      #expect(try open.get("/", headers: "\(field)\r\n").hasSuffix("secret"))
    }
    #expect(guarded.stop())
    #expect(open.stop())
  }

  /// A route may take away from trusted proxies, too, and hand out its own.
  @Test func routesRemoveAndSetThem() throws {
    let endpoint = try Self.echo()
    for top in ["", Self.strangers] {
      let proxy = try RunningProxy(
        endpoints: [endpoint.port],
        routes: """
          [{ match: { prefix: / }, upstream: service, headers: { request:
             { remove: [x-forwarded-port], set: { x-real-ip: ours } } } }]
          """, top: top)
      let answer = try proxy.get("/", headers: "X-Forwarded-Port: 1\r\nX-Real-IP: 6.6.6.6\r\n")
      #expect(answer.contains("\r\nx-real-ip: ours\r\n"))
      #expect(!answer.lowercased().contains("x-forwarded-port") && !answer.contains("6.6.6.6"))
      #expect(proxy.stop())
    }
  }

  @Test func comesInNoTrailer() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receive(until: "X-Sum: 1\r\n\r\n")
      #expect(!request.contains("6.6.6.6"), "\(request)")
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "2\r\nhi\r\n0\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-Port: 6.6.6.6\r\n"
        + "X_Client_IP: 6.6.6.6\r\nX-Sum: 1\r\n\r\n")
    #expect(answer.hasSuffix("ok"), "\(answer)")
    #expect(proxy.stop())
  }

  /// A stranger's time for a call is not sent on beside ours, nor what else it asks of the next hop.
  @Test func hintsOfStrangersAreNotSentOn() throws {
    let endpoint = try Self.echo()
    let hints =
      "grpc-timeout: 1n\r\nx-envoy-attempt-count: 7\r\nx-envoy-expected-rq-timeout-ms: 1\r\n"
      + "x-weir-priority: critical\r\nx-weir-retried: 9\r\nx-envoy-overloaded: true\r\n"
    func answer(_ top: String, _ route: String) throws -> String {
      let proxy = try RunningProxy(
        endpoints: [endpoint.port],
        routes: "[{ match: { prefix: / }, upstream: service\(route) }]", top: top)
      defer { proxy.stop() }
      return try proxy.get("/", headers: hints)
    }
    for top in [Self.strangers, "\(Self.strangers)\npriority_header: x-class"] {
      let plain = try answer(top, "")
      #expect(plain.contains(" 200 ") && plain.contains("x-envoy-expected-rq-timeout-ms: "))
      for hint in hints.split(separator: "\r\n") {
        #expect(!plain.contains("\r\n\(hint)\r\n"), "\(plain)")
      }
      #expect(!plain.contains("grpc-timeout"))
    }
    let bounded = try answer(Self.strangers, ", total_timeout: 20s")
    #expect(bounded.contains("\r\ngrpc-timeout: ") && !bounded.contains("grpc-timeout: 1n"))
  }
}
