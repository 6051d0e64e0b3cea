import Foundation
import HTTP1
import HTTPModel
import Testing
import WeirTesting

/// docs/headers.md held against the code and against what a service really sees.
@Suite(.serialized)
struct HeaderDocumentTests {
  private func section(_ title: String) throws -> [[String]] {
    let page = try String(
      contentsOfFile: "\(ExampleTests.root)/docs/headers.md", encoding: .utf8)
    let part = try #require(page.components(separatedBy: "\n## \(title)\n").dropFirst().first)
    let text = part.components(separatedBy: "\n## ")[0]
    return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      line.split(separator: "|").map {
        $0.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "`", with: "")
      }
    }
  }

  @Test func listsWhatIsBelievedOfTrustedProxiesOnly() throws {
    let stated = try section("Believed from trusted proxies only").map { $0[0] }
    let known =
      TrustedNames.exact.map { "\($0)" } + TrustedNames.prefixes.map { "\($0)*" }
    #expect(Set(stated) == Set(known))
    #expect(stated.count == Set(stated).count)
    let endpoint = try ForgedIdentityTests.echo()
    let strange = try RunningProxy(
      endpoints: [endpoint.port], top: ForgedIdentityTests.strangers)
    let trusted = try RunningProxy(endpoints: [endpoint.port])
    for name in stated.map({ $0.replacingOccurrences(of: "*", with: "x") }) {
      #expect(FieldName.classify(Array(name.utf8).span) == .trustedOnly, "\(name)")
      #expect(try !strange.get("/", headers: "\(name): told\r\n").contains("told"), "\(name)")
      #expect(
        try trusted.get("/", headers: "\(name): told\r\n").contains("\r\n\(name): told\r\n"),
        "\(name)")
    }
    #expect(strange.stop())
    #expect(trusted.stop())
  }

  /// Fields that Weir knows by name and that are copied as they came, whoever sends them.
  private static let copied: Set<String> = [
    "trailer", "expect", "date", "server", "user-agent", "accept", "content-type", "retry-after",
    "authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate",
    "proxy-support", "persistent-auth", "proxy-status", "idempotency-key", "via",
  ]

  @Test func listsEveryFieldThatIsTouched() throws {
    let rows = try section("Requests")
    let known = Set(FieldName.allCases.map { "\($0.text)" }.filter { !$0.isEmpty })
    #expect(Set(rows.map { $0[0] }) == known.subtracting(Self.copied).union(["via"]))
    let endpoint = try ForgedIdentityTests.echo()
    let strange = try RunningProxy(
      endpoints: [endpoint.port], top: ForgedIdentityTests.strangers)
    let trusted = try RunningProxy(endpoints: [endpoint.port])
    // Framing, and what is tested where it has a meaning.
    let framing: Set<String> = [
      "host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "expect",
      "max-forwards", "traceparent", "tracestate", "b3", "x-b3-traceid",
    ]
    for row in rows where !framing.contains(row[0]) {
      for (proxy, cell) in [(strange, row[1]), (trusted, row[2] == "the same" ? row[1] : row[2])] {
        let value = row[0] == "forwarded" ? "for=192.0.2.42" : "4242"
        let answer = try proxy.get("/", headers: "\(row[0]): \(value)\r\n")
        let isKept = answer.contains("\r\n\(row[0]): \(value)")
        let keeping = ["kept", "continued", "counted on", "the lesser"]
        let passes = keeping.contains(where: cell.hasPrefix)
        #expect(isKept == passes, "\(row): \(answer)")
        if cell.hasPrefix("removed") { #expect(!answer.contains("\r\n\(row[0]): "), "\(row)") }
      }
    }
    for name in Self.copied.subtracting(["expect"]) {
      let answer = try strange.get("/", headers: "\(name): 4242\r\n")
      #expect(answer.contains("\r\n\(name): 4242\r\n"), "\(name)")
    }
    #expect(strange.stop())
    #expect(trusted.stop())
  }
}
