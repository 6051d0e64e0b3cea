import Foundation
import Primitives
import Testing
import WeirTesting

/// Who may do what, through a whole proxy, in plaintext and by verified identity.
struct AuthorizationTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func denied(
    _ proxy: RunningProxy, _ route: String, mode: String = "enforced"
  ) throws -> Double {
    try proxy.metric(
      "weir_authorization_denied_total{listener=\"ingress\",route=\"\(route)\",mode=\"\(mode)\"}")
  }

  @Test func whatIsDeniedReachesNobody() throws {
    let asked = Lock(0)
    let endpoint = try ScriptedEndpoint.answering { _ in
      asked.withLock { $0 += 1 }
      return Self.ok
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      listener: """
        authorize: { default: allow, rules: [{ action: deny, method: [POST], prefix: /fhir }] }
        """)
    defer { proxy.stop() }
    #expect(try proxy.get("/fhir/a").hasSuffix("ok"))
    for target in ["/fhir/a", "/fhir", "/%66hir/b", "/x/../fhir/c", "//fhir/d", "/fhir//e"] {
      let answer = try proxy.exchange(
        "POST \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
      #expect(answer.hasPrefix("HTTP/1.1 403 "), "\(target): \(answer)")
      #expect(
        answer.contains("error=http_request_denied") && answer.contains("authorization_denied"))
    }
    #expect(asked.withLock { $0 } == 1)
    #expect(try denied(proxy, "none") == 6)
    let other = try proxy.exchange(
      "POST /fhirs HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
    #expect(other.hasSuffix("ok"))
  }

  @Test func bothMustAllow() throws {
    let proxy = try RunningProxy(
      endpoints: [1],
      routes: """
        [{ name: read, match: { path: /read }, respond: { body: yes },
           authorize: { default: deny, rules: [{ action: allow, method: [GET] }] } },
         { name: all, match: {}, respond: { body: yes }, authorize: { default: allow } }]
        """, listener: "authorize: { default: allow, rules: [{ action: deny, path: /all }] }")
    defer { proxy.stop() }
    #expect(try proxy.get("/read").hasSuffix("yes"))
    #expect(try proxy.get("/all").hasPrefix("HTTP/1.1 403 "))
    #expect(try proxy.get("/other").hasSuffix("yes"))
    let deleted = try proxy.exchange(
      "DELETE /read HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(deleted.hasPrefix("HTTP/1.1 403 "))
    #expect(try denied(proxy, "read") == 1)
    #expect(try denied(proxy, "none") == 1)
  }

  @Test func inShadowNobodyIsRefused() throws {
    let log = NSTemporaryDirectory() + "weir-authorize-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let proxy = try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: { body: yes } }]",
      listener: "authorize: { default: deny, mode: shadow }",
      top: "telemetry: { access_log: { path: \(log) } }")
    #expect(try proxy.get("/a").hasSuffix("yes"))
    #expect(try denied(proxy, "none", mode: "shadow") == 1)
    proxy.stop()
    let line = try String(contentsOfFile: log, encoding: .utf8)
    #expect(line.contains("\"would_refuse\":\"authorize\""), "\(line)")
  }

  @Test func aPeerIsKnownByItsCertificate() throws {
    let authority = try TestAuthority()
    let server = try authority.issue("server", TestAuthority.server)
    let proxy = try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: { body: yes } }]",
      listener: """
        tls: \(authority.keys(server, ", client_certificate: optional"))
            authorize: { default: deny, rules: [{ action: allow, path: /health }, { action: deny, from: spiffe://ndp.test/ns/default/svc/legacy }, { action: allow, from: ["spiffe://ndp.test/ns/*"], method: [GET] }] }
        """)
    defer { proxy.stop() }
    let peers: [(String, String?)] = [
      ("client", TestAuthority.client), ("legacy", "URI:spiffe://ndp.test/ns/default/svc/legacy"),
      ("other", "URI:spiffe://other.test/ns/a"), ("unnamed", "DNS:a.test"),
    ]
    for (name, names) in peers {
      let issued = try authority.issue(name, names)
      let code = { (path: String) in
        try Command.run(
          "curl",
          [
            "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", authority.bundle, "--cert",
            issued.certificate, "--key", issued.key, "https://localhost:\(proxy.port)\(path)",
          ])
      }
      #expect(try code("/a") == (name == "client" ? "200" : "403"), "\(name)")
      #expect(try code("/health") == "200", "\(name)")
    }
    let stranger = try Command.run(
      "curl",
      [
        "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", authority.bundle,
        "https://localhost:\(proxy.port)/a",
      ])
    #expect(stranger == "403")
  }
}
