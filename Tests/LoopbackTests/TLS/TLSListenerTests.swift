import Foundation
import Testing
import WeirTesting

/// A listener with TLS before real clients: curl and openssl.
struct TLSListenerTests {
  private let peers: TestPeers

  init() throws { peers = try TestPeers() }

  private var authority: TestAuthority { peers.authority }
  private var server: TestAuthority.Issued { peers.server }
  private var client: TestAuthority.Issued { peers.client }

  private func proxy(_ more: String = "", trusting: Bool = true) throws -> RunningProxy {
    let keys =
      trusting
      ? authority.keys(server, more)
      : "{ certificate: \(server.certificate), key: \(server.key)\(more) }"
    return try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: { body: served } }]",
      listener: "tls: \(keys)")
  }

  private func curl(
    _ proxy: RunningProxy, _ issued: TestAuthority.Issued?, _ more: [String] = []
  ) throws -> String {
    let own = issued.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
    return try Command.run(
      "sh",
      ["-c", "curl -sS \"$@\" 2>&1; echo \" exit $?\"", "sh", "--cacert", authority.bundle] + own
        + more + ["https://localhost:\(proxy.port)/"])
  }

  private func handshakes(_ proxy: RunningProxy, _ result: String) throws -> Double {
    try proxy.metric("weir_tls_handshakes_total{listener=\"ingress\",result=\"\(result)\"}")
  }

  @Test func whoHasACertificateIsServedAndNobodyElse() throws {
    let proxy = try proxy()
    defer { proxy.stop() }
    #expect(try curl(proxy, client) == "served exit 0\n")
    let foreign = try TestAuthority(named: "Other")
    let refused: [(TestAuthority.Issued?, String)] = [
      (nil, "certificate_missing"),
      (try foreign.issue("f", TestAuthority.client), "certificate_untrusted"),
      (try authority.issue("e", TestAuthority.client, dates: .expired), "certificate_expired"),
      (try authority.issue("n", TestAuthority.client, dates: .notYet), "certificate_not_yet_valid"),
    ]
    for (issued, reason) in refused {
      let output = try curl(proxy, issued)
      #expect(output.contains("alert") && !output.contains("served"), "\(reason): \(output)")
      #expect(try proxy.eventually { try handshakes(proxy, reason) == 1 }, "\(reason)")
    }
    #expect(try curl(proxy, client) == "served exit 0\n")
    #expect(try handshakes(proxy, "ok") == 2)
  }

  @Test func withoutTrustNobodyIsAskedForACertificate() throws {
    let proxy = try proxy(trusting: false)
    defer { proxy.stop() }
    #expect(try curl(proxy, nil) == "served exit 0\n")
  }

  @Test func anOptionalCertificateMustBeGoodWhereItIsShown() throws {
    let proxy = try proxy(", client_certificate: optional")
    defer { proxy.stop() }
    #expect(try curl(proxy, nil) == "served exit 0\n")
    #expect(try curl(proxy, client) == "served exit 0\n")
    let expired = try authority.issue("e", TestAuthority.client, dates: .expired)
    #expect(try curl(proxy, expired).contains("alert"))
  }

  @Test func tls12IsSpokenWhereItIsAllowed() throws {
    let strict = try proxy()
    defer { strict.stop() }
    #expect(try curl(strict, client, ["--tls-max", "1.2"]).contains("alert protocol version"))
    #expect(try strict.eventually { try handshakes(strict, "version_unsupported") == 1 })
    let old = try proxy(", minimum_version: \"1.2\"")
    defer { old.stop() }
    #expect(try curl(old, client, ["--tls-max", "1.2"]) == "served exit 0\n")
  }

  @Test func aForeignProtocolIsRefusedByName() throws {
    let proxy = try proxy()
    defer { proxy.stop() }
    let output = try TestAuthority.connect(to: proxy.port, "-alpn spdy/1")
    #expect(output.contains("no application protocol"), "\(output)")
    #expect(try proxy.eventually { try handshakes(proxy, "no_application_protocol") == 1 })
  }

  @Test func aTicketSavesTheSecondHandshake() throws {
    let proxy = try proxy()
    defer { proxy.stop() }
    let session = authority.folder + "/session"
    let call = { (more: String) in
      try TestAuthority.connect(
        to: proxy.port, "-cert \(client.certificate) -key \(client.key) -ign_eof \(more)",
        sending: "printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'")
    }
    let first = try call("-sess_out \(session)")
    #expect(first.contains("New, TLSv1.3") && first.contains("served"), "\(first)")
    let second = try call("-sess_in \(session)")
    #expect(second.contains("Reused, TLSv1.3") && second.contains("served"), "\(second)")
    #expect(try handshakes(proxy, "resumed") == 1)
  }

  // MARK: Who does not speak TLS, or not to its end

  @Test func plaintextIsClosedAndCounted() throws {
    let proxy = try proxy()
    defer { proxy.stop() }
    #expect(try proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").isEmpty)
    #expect(try proxy.eventually { try handshakes(proxy, "plaintext") == 1 })
  }

  @Test func aMeshCanBeMovedToTLS() throws {
    let proxy = try proxy(", mode: permissive")
    defer { proxy.stop() }
    #expect(try proxy.get("/").hasSuffix("served"))
    #expect(try curl(proxy, client) == "served exit 0\n")
    #expect(try curl(proxy, nil).contains("alert"))
    #expect(try handshakes(proxy, "plaintext_accepted") == 1)
  }

  @Test func halfAHandshakeHasADeadline() throws {
    let proxy = try proxy(", handshake_timeout: 100ms")
    defer { proxy.stop() }
    let silent = try BlockingSocket.connect(port: proxy.port)
    let half = try BlockingSocket.connect(port: proxy.port)
    try half.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC])
    #expect(try silent.receiveAll().isEmpty)
    #expect(try half.receiveAll().isEmpty)
    #expect(try proxy.eventually { try handshakes(proxy, "timeout") == 2 })
    #expect(try curl(proxy, client) == "served exit 0\n")
  }

  @Test func tlsOnAPlaintextPortGetsAnAlert() throws {
    let proxy = try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: { body: served } }]")
    defer { proxy.stop() }
    let output = try curl(proxy, client)
    #expect(output.contains("alert handshake failure"), "\(output)")
    #expect(try proxy.get("/").hasSuffix("served"))
  }

  /// An alert reaches a client that is already sending what it should not.
  @Test func anAlertReachesWhoIsStillSending() throws {
    let proxy = try proxy()
    defer { proxy.stop() }
    let output = try TestAuthority.connect(
      to: proxy.port, "-quiet", sending: "head -c 3000000 /dev/zero")
    #expect(output.contains("alert certificate required"), "\(output)")
  }

  /// Handshakes that come all at once are all made, a few in each turn.
  @Test func aFloodOfHandshakesIsServed() throws {
    let proxy = try proxy(trusting: false)
    defer { proxy.stop() }
    let said = try Command.run(
      "h2load", ["--h1", "-n", "200", "-c", "100", "https://127.0.0.1:\(proxy.port)/"])
    #expect(said.contains("200 succeeded, 0 failed, 0 errored"), "\(said)")
    #expect(try handshakes(proxy, "ok") == 100)
  }
}
