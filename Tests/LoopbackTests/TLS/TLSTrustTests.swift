import Foundation
import Testing
import WeirTesting

/// What crosses an mTLS hop, from whom, and what is told of it.
struct TLSTrustTests {
  private let peers: TestPeers

  init() throws { peers = try TestPeers() }

  private var authority: TestAuthority { peers.authority }
  private var server: TestAuthority.Issued { peers.server }
  private var client: TestAuthority.Issued { peers.client }

  /// A pair: plaintext, mTLS, plaintext; `trusted`: whom the inner one believes. Neither believes its
  /// address.
  private func pair(
    _ trusted: String, log: String? = nil
  ) throws -> (inner: RunningProxy, outer: RunningProxy, echo: ScriptedEndpoint) {
    let echo = try ForgedIdentityTests.echo()
    var top = "trusted_proxies: [192.0.2.1\(trusted)]"
    if let log { top += "\ntelemetry: { access_log: { path: \(log) } }" }
    let inner = try RunningProxy(
      endpoints: [echo.port], listener: "tls: \(authority.keys(server))", top: top)
    let outer = try RunningProxy(
      endpoints: [inner.port],
      upstream: """
        tls: { certificate: \(client.certificate), key: \(client.key), trust: \(authority.bundle), spiffe_id: "spiffe://ndp.test/*" }
        """)
    return (inner, outer, echo)
  }

  private static let said =
    "X-Request-ID: from-the-edge\r\nX-Forwarded-For: 203.0.113.9\r\nX-Weir-Priority: critical\r\n"
    + "X-Envoy-Expected-Rq-Timeout-Ms: 700\r\nX-Forwarded-Client-Cert: Hash=edge\r\n"

  /// Deadline, request id, forwarded fields and priority cross the hop from a verified peer.
  @Test(arguments: [
    "spiffe://ndp.test/ns/default/svc/client", "spiffe://ndp.test/ns/*", "spiffe://ndp.test/*",
  ])
  func aVerifiedPeerIsBelieved(_ pattern: String) throws {
    let (inner, outer, _) = try pair(", \"\(pattern)\"")
    defer {
      outer.stop()
      inner.stop()
    }
    let seen = try outer.get("/", headers: Self.said).lowercased()
    #expect(seen.contains("x-request-id: from-the-edge\r\n"), "\(seen)")
    #expect(seen.contains("x-forwarded-for: 203.0.113.9, 127.0.0.1, 127.0.0.1\r\n"), "\(seen)")
    #expect(seen.contains("x-weir-priority: critical\r\n"), "\(seen)")
    let left = seen.firstMatch(of: /expected-rq-timeout-ms: (\d+)/).flatMap { Int($0.1) } ?? 0
    #expect(left > 0 && left <= 700, "\(seen)")
    // Its own word on the client, then ours on it.
    #expect(seen.contains("x-forwarded-client-cert: hash=edge\r\n"), "\(seen)")
  }

  @Test(arguments: ["", ", \"spiffe://ndp.test/ns/default/svc/other\"", ", \"spiffe://other/*\""])
  func anotherIsNot(_ trusted: String) throws {
    let (inner, outer, _) = try pair(trusted)
    defer {
      outer.stop()
      inner.stop()
    }
    let seen = try outer.get("/", headers: Self.said)
    #expect(!seen.contains("from-the-edge") && !seen.contains("203.0.113.9"), "\(seen)")
    #expect(!seen.contains("critical") && !seen.contains("Hash=edge"), "\(seen)")
  }

  @Test func theServiceLearnsWhoCalled() throws {
    let log = authority.folder + "/log"
    let (inner, outer, _) = try pair("", log: log)
    let seen = try outer.get("/")
    let digest = try Command.run(
      "sh",
      [
        "-c",
        "openssl x509 -in \(client.certificate) -outform DER | sha256sum | cut -d' ' -f1",
      ]
    ).trimmingCharacters(in: .whitespacesAndNewlines)
    let element =
      "x-forwarded-client-cert: By=spiffe://ndp.test/ns/default/svc/server;Hash=\(digest);"
      + "Subject=\"CN=client\";URI=spiffe://ndp.test/ns/default/svc/client\r\n"
    #expect(seen.contains(element), "\(seen)")
    #expect(seen.contains("x-forwarded-proto: https\r\n"), "\(seen)")
    outer.stop()
    inner.stop()
    let line = try String(contentsOfFile: log, encoding: .utf8)
    #expect(
      line.contains(
        #""tls_version":"TLSv1.3","alpn":"h2","#
          + #""peer_identity":"spiffe://ndp.test/ns/default/svc/client""#), "\(line)")
  }

  /// A redirect to another path stays with TLS.
  @Test func aRedirectKeepsTheScheme() throws {
    let proxy = try RunningProxy(
      endpoints: [1], routes: "[{ match: { path: /old }, redirect: { path: /new } }]",
      listener: "tls: { certificate: \(server.certificate), key: \(server.key) }")
    defer { proxy.stop() }
    let output = try Command.run(
      "curl",
      ["-sSi", "--cacert", authority.bundle, "https://localhost:\(proxy.port)/old"])
    #expect(output.contains("location: https://localhost:\(proxy.port)/new"), "\(output)")
  }
}
