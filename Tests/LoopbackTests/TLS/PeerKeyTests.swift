import Foundation
import Testing
import WeirTesting

/// Policies that go by who the verified peer is.
struct PeerKeyTests {
  @Test func eachPeerHasABucketAndThoseWithoutACertificateShareOne() throws {
    let authority = try TestAuthority()
    let server = try authority.issue("server", TestAuthority.server)
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: {}, upstream: service, rate_limit: { requests: 1, per: 1h, by: identity } }]
        """,
      listener: "tls: \(authority.keys(server, ", client_certificate: optional"))")
    defer { proxy.stop() }
    let code = { (keys: [String]) in
      try Command.run(
        "curl",
        ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", authority.bundle] + keys
          + ["https://localhost:\(proxy.port)/a"])
    }
    let peers = [
      ("client", TestAuthority.client), ("other", "URI:spiffe://ndp.test/ns/default/svc/other"),
      ("unnamed", "DNS:a.test"),
    ]
    for (name, names) in peers {
      let issued = try authority.issue(name, names)
      let keys = ["--cert", issued.certificate, "--key", issued.key]
      #expect(try code(keys) == "200", "\(name)")
      #expect(try code(keys) == "429", "\(name)")
    }
    #expect(try code([]) == "200")
    #expect(try code([]) == "429")
  }
}
