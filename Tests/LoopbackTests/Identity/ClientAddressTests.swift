import Foundation
import Testing
import WeirTesting

/// Who the client is behind trusted proxies: for limits, hashes and the log.
@Suite(.serialized)
struct ClientAddressTests {
  private static let trusted = "trusted_proxies: [127.0.0.0/8, 10.0.0.0/8, \"fd00::/8\"]"

  private func echo() throws -> ScriptedEndpoint {
    try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
  }

  /// What the log says of a request with each of `heads`: the client, and the peer where it differs.
  private func logged(_ heads: [String], top: String = trusted) throws -> [[String?]] {
    let log = NSTemporaryDirectory() + "weir-log-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], top: "\(top)\ntelemetry: { access_log: { path: \(log) } }")
    for head in heads {
      #expect(try proxy.get("/", headers: head.isEmpty ? "" : "\(head)\r\n").contains(" 200 "))
    }
    #expect(proxy.stop())
    return try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map { line in
      let members = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return [members?["client"] as? String, members?["peer"] as? String]
    }
  }

  private func clients(_ heads: [String], top: String = trusted) throws -> [String] {
    try logged(heads, top: top).map { $0[0] ?? "" }
  }

  @Test func bothAddressesAreLogged() throws {
    #expect(
      try logged(["X-Forwarded-For: 203.0.113.7", "", "X-Forwarded-For: 127.0.0.1"]) == [
        ["203.0.113.7", "127.0.0.1"], ["127.0.0.1", nil], ["127.0.0.1", nil],
      ])
  }

  /// The first untrusted address from the right, whatever was forged to the left of it.
  @Test func walksFromTheRight() throws {
    let cases = [
      ("X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.1.1.1", "203.0.113.7"),
      ("X-Forwarded-For: 10.0.0.9, 10.1.1.1", "10.0.0.9"),
      ("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.7,,10.1.1.1 ,", "203.0.113.7"),
      ("X-Forwarded-For: 203.0.113.7:55221", "203.0.113.7"),
      ("X-Forwarded-For: [2001:DB8:0::7]:55221, fd00::1", "2001:db8::7"),
      ("X-Forwarded-For: 2001:db8::7", "2001:db8::7"),
      ("X-Forwarded-For: ::ffff:203.0.113.7", "203.0.113.7"),
      ("X-Forwarded-For: 203.0.113.7, unix", "203.0.113.7"),
      ("X-Forwarded-For: 6.6.6.6, unknown", "127.0.0.1"),
      ("X-Forwarded-For: 6.6.6.6, unknown, 10.1.1.1", "10.1.1.1"),
      ("X-Forwarded-For: 6.6.6.6, _hidden, 10.2.2.2, 10.1.1.1", "10.2.2.2"),
      ("X-Forwarded-For: ;;\"', 6.6.6", "127.0.0.1"), ("X-Forwarded-For:", "127.0.0.1"),
      ("X-Forwarded-For: 010.0.0.1", "127.0.0.1"),
      (#"Forwarded: for=6.6.6.6, for="[2001:db8::7]:80";proto=https, for=10.1.1.1"#, "2001:db8::7"),
      ("Forwarded: for=6.6.6.6\r\nForwarded: by=10.1.1.1;FOR=203.0.113.7", "203.0.113.7"),
      (#"Forwarded: for=6.6.6.6, for=_hidden"#, "127.0.0.1"),
      (#"Forwarded: for=203.0.113.7, for="10.1.1.1"#, "127.0.0.1"),
      // Traefik passes a client's own Forwarded.
      ("X-Forwarded-For: 203.0.113.7\r\nForwarded: for=6.6.6.6", "203.0.113.7"),
    ]
    #expect(try clients(cases.map(\.0)) == cases.map(\.1))
  }

  @Test func tenThousandHopsAreWalked() throws {
    let own = String(repeating: "fd::1,", count: 9_000)
    let trusted = String(repeating: "fd00::1,", count: 6_000)
    #expect(
      try clients([
        "X-Forwarded-For: \(own)203.0.113.7", "X-Forwarded-For: 203.0.113.7,\(trusted)",
      ]) == ["203.0.113.7", "203.0.113.7"])
  }

  @Test(arguments: [
    ("x-forwarded-for", ["203.0.113.7", "127.0.0.1", "203.0.113.7"]),
    ("forwarded", ["127.0.0.1", "203.0.113.8", "203.0.113.8"]),
    ("peer", ["127.0.0.1", "127.0.0.1", "127.0.0.1"]),
  ])
  func oneFieldIsChosen(source: String, expected: [String]) throws {
    let heads = [
      "X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.8",
      "Forwarded: for=203.0.113.8\r\nX-Forwarded-For: 203.0.113.7",
    ]
    #expect(try clients(heads, top: "\(Self.trusted)\nclient_address: \(source)") == expected)
  }

  @Test func strangersAreWhoTheyAre() throws {
    let heads = ["X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7"]
    #expect(
      try logged(heads, top: "trusted_proxies: [192.0.2.1]")
        == [["127.0.0.1", nil], ["127.0.0.1", nil]])
  }

  /// What is not believed is not passed on either.
  @Test(arguments: [
    (
      "",
      [
        "x-forwarded-for: 203.0.113.7, 127.0.0.1",
        "forwarded: for=203.0.113.7, for=127.0.0.1;proto=http",
      ]
    ),
    (
      "x-forwarded-for",
      [
        "x-forwarded-for: 203.0.113.7, 127.0.0.1",
        "forwarded: for=203.0.113.7, for=127.0.0.1;proto=http",
      ]
    ),
    (
      "forwarded",
      [
        "x-forwarded-for: 2001:db8::8, 127.0.0.1",
        #"forwarded: for="[2001:db8::8]", for=127.0.0.1;proto=http"#,
      ]
    ),
    ("peer", ["x-forwarded-for: 127.0.0.1", "forwarded: for=127.0.0.1;proto=http"]),
  ])
  func theOtherFieldIsMadeAnew(source: String, expected: [String]) throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], top: source.isEmpty ? "" : "client_address: \(source)")
    let answer = try proxy.get(
      "/",
      headers: "Forwarded: for=\"[2001:db8::8]\"\r\nX-Forwarded-For: 203.0.113.7\r\n")
    for line in expected { #expect(answer.lowercased().contains("\r\n\(line)\r\n"), "\(answer)") }
    #expect(proxy.stop())
  }

  @Test func limitsCountEachClientBehindAProxy() throws {
    let endpoint = try echo()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: { prefix: / }, upstream: service,
           rate_limit: { requests: 1, per: 1h, by: source } }]
        """)
    func status(_ fields: String) throws -> String {
      String(try proxy.get("/", headers: fields).dropFirst(9).prefix(3))
    }
    #expect(try status("X-Forwarded-For: 203.0.113.7\r\n") == "200")
    #expect(try status("X-Forwarded-For: 203.0.113.8\r\n") == "200")
    // Another spelling and a forged hop make nobody another client.
    #expect(try status("X-Forwarded-For: 6.6.6.6, 203.0.113.7:99\r\n") == "429")
    #expect(
      try status("X-Forwarded-For: ::ffff:203.0.113.8\r\nForwarded: for=9.9.9.9\r\n") == "429")
    #expect(try status("Forwarded: for=203.0.113.9\r\n") == "200")
    #expect(proxy.stop())
  }

  @Test func hashesGoByTheClient() throws {
    let endpoints = try (0..<8).map { number in
      try ScriptedEndpoint.answering { _ in
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)"
      }
    }
    let proxy = try RunningProxy(
      endpoints: endpoints.map(\.port),
      upstream: "balancing: { policy: maglev, hash_on: { source: true } }")
    func home(_ client: Int) throws -> Character? {
      try proxy.get("/", headers: "X-Forwarded-For: 203.0.113.\(client)\r\n").last
    }
    let homes = try (0..<16).map { try home($0) }
    #expect(try (0..<16).map { try home($0) } == homes)
    #expect(Set(homes).count > 2)
    #expect(proxy.stop())
  }

  @Test func explainTellsOfTheClient() throws {
    let proxy = try RunningProxy(endpoints: [1])
    let answer = try proxy.get(
      "/", headers: "X-Forwarded-For: 203.0.113.7\r\nX-Request-Id: abc\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 50"))
    #expect(try proxy.admin("/explain/abc?format=json").contains("203.0.113.7"))
    #expect(proxy.stop())
  }
}
