import Foundation
import Testing
import WeirTesting

/// HTTP/2 inside TLS: agreed by ALPN, and only what was agreed is served.
struct TLSHTTP2Tests {
  private let authority: TestAuthority
  private let server: TestAuthority.Issued

  init() throws {
    authority = try TestAuthority()
    server = try authority.issue("server", TestAuthority.server)
  }

  private func proxy(_ endpoint: UInt16) throws -> RunningProxy {
    try RunningProxy(
      endpoints: [endpoint],
      listener: "tls: { certificate: \(server.certificate), key: \(server.key) }")
  }

  private func curl(_ arguments: [String]) throws -> String {
    try Command.run("curl", ["-sS", "--cacert", authority.bundle] + arguments)
  }

  @Test func alpnChoosesTheProtocol() throws {
    let echo = try ForgedIdentityTests.echo()
    let proxy = try proxy(echo.port)
    defer { proxy.stop() }
    let url = "https://localhost:\(proxy.port)/a"
    let version = ["-o", "/dev/null", "-w", "%{http_version}"]
    #expect(try curl(version + ["--http2", url]) == "2")
    #expect(try curl(version + ["--http1.1", url]) == "1.1")
    let seen = try curl(["--http2", url])
    #expect(seen.contains("GET /a HTTP/1.1\r\n") && seen.contains("x-forwarded-proto: https\r\n"))
  }

  @Test func largeBodiesPassBothWays() throws {
    let nginx = try Nginx()
    defer { nginx.stop() }
    let proxy = try proxy(nginx.port)
    defer { proxy.stop() }
    let url = "https://localhost:\(proxy.port)"
    let got = try curl([
      "--http2", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", "\(url)/large",
    ])
    #expect(got == "200 \(Nginx.largeBytes)")
    let put = try curl([
      "--http2", "-o", "/dev/null", "-w", "%{http_code}", "-T", nginx.largeFile, "\(url)/upload",
    ])
    #expect(put == "201" || put == "204")
    let same = try Command.run(
      "sh",
      [
        "-c",
        "curl -sS --http2 --cacert \(authority.bundle) \(url)/upload | cmp - \(nginx.largeFile) 2>&1",
      ])
    #expect(same.isEmpty, "\(same)")
  }

  @Test func manyStreamsShareAConnection() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try proxy(endpoint.port)
    defer { proxy.stop() }
    let said = try Command.run(
      "h2load", ["-n", "2000", "-c", "4", "-m", "32", "https://127.0.0.1:\(proxy.port)/"])
    #expect(said.contains("2000 succeeded, 0 failed, 0 errored"), "\(said)")
    #expect(said.contains("Application protocol: h2"), "\(said)")
  }

  /// A client that agreed on one protocol and speaks the other is not served.
  @Test(arguments: [
    ("h2", "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n", "200 OK"),
    ("http/1.1", "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n", "200 OK"),
  ])
  func onlyWhatWasAgreedIsServed(_ agreed: String, _ said: String, _ unwanted: String) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try proxy(endpoint.port)
    defer { proxy.stop() }
    let output = try Command.run(
      "sh",
      [
        "-c",
        "(printf '\(said)'; sleep 1) | timeout 20 openssl s_client -connect 127.0.0.1:\(proxy.port) -alpn \(agreed) -quiet 2>/dev/null | tr -d '\\000'",
      ])
    #expect(!output.contains(unwanted), "\(output)")
    #expect(try proxy.counted("none", 200) == 0)
  }
}
