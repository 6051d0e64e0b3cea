import Foundation
import Primitives
import Testing
import WeirTesting

/// Documents held against what the proxy really says.
@Suite(.serialized)
struct DocumentTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(ExampleTests.root)/\(path)", encoding: .utf8)
  }

  /// The cells of the rows whose first cell is one word in code.
  private func rows(_ path: String, columns: Int) throws -> [[String]] {
    try text(path).split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }.filter { $0.count == columns && !$0[0].contains(",") }
  }

  private func word(_ cell: String) -> String { cell.replacingOccurrences(of: "`", with: "") }

  @Test func metricsAreThoseOfAScrape() throws {
    let proxy = try EventfulProxy().proxy
    var types: [String: String] = [:]
    var labels: [String: Set<String>] = [:]
    let scrape = try proxy.admin("/metrics").replacingOccurrences(of: "\r", with: "")
    for line in scrape.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      if line.hasPrefix("# TYPE ") { types[words[2]] = words[3] }
      guard line.hasPrefix("weir_") || line.hasPrefix("process_") else { continue }
      var family = line.prefix { $0 != "{" && $0 != " " }
      for end in ["_bucket", "_sum", "_count"]
      where family.hasSuffix(end) && types[String(family)] == nil {
        family.removeLast(end.count)
      }
      let inside = line.split(separator: "{").dropFirst().first?.split(separator: "}")[0] ?? ""
      let names = inside.split(separator: ",").map { String($0.prefix { $0 != "=" }) }
      labels[String(family), default: []].formUnion(names.filter { $0 != "le" })
    }
    var stated: [String: String] = [:]
    for row in try rows("docs/metrics.md", columns: 4) {
      let name = word(row[0])
      stated[name] = row[1]
      let wanted = row[2] == "–" ? [] : Set(word(row[2]).components(separatedBy: ", "))
      #expect(labels[name] == wanted, "\(name)")
    }
    #expect(stated == types)
    #expect(proxy.stop())
  }

  @Test func accessLogFieldsAreThoseOfItsLines() throws {
    let log = NSTemporaryDirectory() + "weir-log-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], routes: "[{ match: { prefix: /a }, upstream: service }]",
      top: """
        telemetry:
          access_log: { path: \(log), request_headers: [X-Tenant], response_headers: [content-length] }
        """)
    #expect(
      try proxy.get(
        "/a",
        headers: "X-Tenant: t\r\n" + #"User-Agent: a"b\"# + "\r\nX-Forwarded-For: 203.0.113.7\r\n"
      )
      .hasSuffix("ok"))
    #expect(try proxy.get("/b").hasPrefix("HTTP/1.1 404 "))
    let call = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n"
    #expect(
      try proxy.exchange(call + "Connection: close\r\nContent-Length: 0\r\n\r\n")
        .contains("\r\ngrpc-status: 12\r\n"))
    #expect(try proxy.exchange("\u{1}no line\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
    #expect(proxy.stop())
    let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 4)
    let members = try lines.map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    // What a client sends cannot end its text or its line.
    #expect(members[0]["user_agent"] as? String == #"a"b\"#)
    let found = members.map { Set($0.keys) }
    let stated = try rows("docs/access-log.md", columns: 3).filter {
      $0[1] != "policy" && $0[1] != "TLS"
    }
    #expect(Set(stated.map { word($0[0]) }) == found.reduce(into: []) { $0.formUnion($1) })
    let always = found.dropFirst().reduce(found[0]) { $0.intersection($1) }
    #expect(Set(stated.filter { $0[1] == "yes" }.map { word($0[0]) }) == always)
  }

  /// Those that policies add, each met once.
  @Test func accessLogFieldsOfPoliciesAreThoseOfItsLines() throws {
    let log = NSTemporaryDirectory() + "weir-log-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let endpoint = try ScriptedEndpoint.answering {
      $0.hasPrefix("GET /busy") ? "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" : Self.ok
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: """
        [{ match: { prefix: /busy }, upstream: service, retry: { attempts: 2, on: [503] } },
         { match: { prefix: /down }, upstream: spare, fallback: { respond: { body: later } } },
         { match: { prefix: /hedged }, upstream: pair, hedge: {} },
         { match: { path: /watched }, upstream: service,
           rate_limit: { requests: 1, per: 1h, mode: shadow } },
         { match: {}, upstream: service, fault: { delay: { share: 100%, duration: 1ms } } }]
        """,
      upstream: try Self.others(), top: "telemetry: { access_log: { path: \(log) } }")
    #expect(try proxy.get("/busy").hasPrefix("HTTP/1.1 503 "))
    #expect(try proxy.get("/a").hasSuffix("ok"))
    for _ in 0..<2 { #expect(try proxy.get("/watched").hasSuffix("ok")) }
    #expect(
      try proxy.admin("/circuit-breakers/spare", method: "PUT", body: "forced_open")
        .contains(" → forced_open"))
    #expect(try proxy.get("/down").hasSuffix("later"))
    for _ in 0..<100 { #expect(try proxy.get("/hedged").hasSuffix("ok")) }
    #expect(try proxy.get("/hedged/slow").hasSuffix("ok"))
    #expect(proxy.stop())
    let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
    var found: Set<String> = []
    for line in lines {
      let members = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      found.formUnion((members ?? [:]).keys)
    }
    let rows = try rows("docs/access-log.md", columns: 3)
    let policies = rows.filter { $0[1] == "policy" }.map { word($0[0]) }
    #expect(policies.count > 5)
    #expect(Set(policies).subtracting(found) == [])
    #expect(found.subtracting(rows.map { word($0[0]) }) == [])
  }

  /// A shadow breaker that the first failure opens; an upstream to be forced open; and two endpoints
  /// of which the first to get a slow request answers it after the other.
  private static func others() throws -> String {
    let both = DispatchSemaphore(value: 0)
    let isSecond = Lock(false)
    let slow = try (0..<2).map { _ in
      try ScriptedEndpoint.answering { request in
        guard request.hasPrefix("GET /hedged/slow") else { return ok }
        let isLast = isSecond.withLock { seen in
          defer { seen = true }
          return seen
        }
        if isLast { both.signal() } else { both.wait() }
        return ok
      }
    }
    return """
      circuit_breaker: { consecutive_failures: 1, mode: shadow }
        spare:
          endpoints: ["127.0.0.1:1"]
          circuit_breaker: {}
        pair:
          endpoints: ["127.0.0.1:\(slow[0].port)", "127.0.0.1:\(slow[1].port)"]
      """
  }

  /// Every file, failure, metric and test that the page names is there.
  @Test func architectureNamesWhatExists() throws {
    let page = try text("ARCHITECTURE.md") + text("docs/THREAT_MODEL.md")
    let files = try Command.run("git", ["-C", ExampleTests.root, "ls-files"])
      .split(separator: "\n").map(String.init)
    let all = try files.filter { $0.hasSuffix(".swift") }.map(text).joined()
    let failures = Set(FailureKind.allCases.map { "\($0.name)" })
    var spans = page.components(separatedBy: "`")
    spans = spans.indices.filter { $0 % 2 == 1 }.map { spans[$0] }
    #expect(spans.count > 100)
    for span in spans {
      if span.hasSuffix(".swift") || span.hasPrefix("docs/") || span.hasPrefix("config/") {
        let isThere = files.contains { $0 == span || $0.hasSuffix("/\(span)") }
        #expect(isThere, "there is no file \(span)")
      } else if span.hasPrefix("weir_") {
        let name = span.prefix { $0 != "{" }
        #expect(all.contains("\"\(name)\""), "there is no metric \(name)")
      } else if span.hasSuffix("Tests") {
        #expect(files.contains { $0.hasSuffix("/\(span).swift") }, "there is no test \(span)")
      } else if span.contains("_"), span.allSatisfy({ $0 == "_" || $0.isLowercase }) {
        let isKey = try text("docs/configuration.md").contains(span)
        #expect(failures.contains(span) || isKey, "there is no failure or key \(span)")
      }
    }
  }

  /// A page that nothing leads to is not read.
  @Test func readmeLeadsToEveryPage() throws {
    let readme = try text("README.md")
    let pages = try Command.run("git", ["-C", ExampleTests.root, "ls-files", "docs/*.md"])
      .split(separator: "\n").map(String.init)
    #expect(pages.count > 5)
    for page in pages + ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
      #expect(readme.contains("](\(page))"), "\(page)")
    }
  }

  @Test func linksLeadSomewhere() throws {
    let pages = try Command.run("git", ["-C", ExampleTests.root, "ls-files", "*.md"])
    for page in pages.split(separator: "\n").map(String.init) {
      let folder = URL(filePath: "\(ExampleTests.root)/\(page)").deletingLastPathComponent()
      for part in try text(page).components(separatedBy: "](").dropFirst() {
        let link = part.prefix { $0 != ")" && $0 != "#" }
        guard !link.isEmpty, !link.hasPrefix("http") else { continue }
        let target = folder.appending(path: String(link)).path
        #expect(FileManager.default.fileExists(atPath: target), "\(page) leads to \(link)")
      }
    }
  }
}
