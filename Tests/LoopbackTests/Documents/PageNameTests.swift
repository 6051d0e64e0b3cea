import Foundation
import Primitives
import Testing

/// Pages that name failures, keys and metrics name those that there are.
struct PageNameTests {
  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(ExampleTests.root)/\(path)", encoding: .utf8)
  }

  private func keys() throws -> Set<String> {
    Set(try text("docs/configuration.md").matches(of: /(?m)^\| `([^`]+)` \|/).map { String($0.1) })
  }

  /// The second column of the first table has every failure that a client can be told, and no other.
  @Test func troubleshootingKnowsEveryFailure() throws {
    let page = try text("docs/troubleshooting.md")
    let section = page.components(separatedBy: "\n## ")[1]
    let named = section.split(separator: "\n").filter { $0.hasPrefix("| ") }.flatMap { line in
      String(line.split(separator: "|")[1]).matches(of: /`([a-z_]+)`/).map { String($0.1) }
    }
    let known = Set(FailureKind.allCases.map(\.name))
    #expect(Set(named).subtracting(known) == [])
    // What the page leaves out is rare, or the client's own doing, and stands in failures.md.
    let rare: Set<String> = [
      "version_unsupported", "expectation_unsupported", "connect_denied",
      "request_trailers_too_large",
      "downstream_write_stalled", "route_match_limit", "fault_injected", "buffer_budget_exceeded",
      "local_ports_exhausted", "local_memory_exhausted", "connect_prohibited", "drain_timeout",
      "upstream_write_stalled", "response_trailers_too_large", "stream_idle_timeout",
      "upgrade_failed",
    ]
    #expect(known.subtracting(named).subtracting(rare) == [])
    #expect(rare.isSubset(of: known))
  }

  @Test func troubleshootingNamesMetricsThatThereAre() throws {
    let page = try text("docs/troubleshooting.md")
    let metrics = try text("docs/metrics.md")
    let named = page.matches(of: /`(weir_[a-z_]+)/).map { String($0.1) }
    #expect(named.count > 3)
    #expect(named.filter { !metrics.contains("`\($0)`") } == [])
  }

  @Test func wordsAreKeys() throws {
    let keys = try keys()
    let named = try text("docs/words.md").matches(
      of: /(?m)^\| `((?:listeners|upstreams|admin)[^`]*)` \|/
    )
    .map { String($0.1) }
    #expect(named.count > 25)
    let unknown = named.filter { name in
      !keys.contains(name)
        && !keys.contains { $0.hasPrefix("\(name).") || $0.hasPrefix("\(name)[]") }
    }
    #expect(unknown == [])
  }

  /// Every link of the reference leads to a section, and `rate_limit`'s keys are there.
  @Test func theReferenceIsInSections() throws {
    let page = try text("docs/configuration.md")
    let anchors = Set(page.matches(of: /<a id="([^"]+)">/).map { String($0.1) })
    let links = page.matches(of: /\]\(#([^)]+)\)/).map { String($0.1) }
    #expect(anchors.count > 40 && Set(links).subtracting(anchors) == [])
    #expect(anchors.subtracting(links) == [])
    let keys = try keys()
    #expect(keys.contains("listeners[].routes[].rate_limit[].requests"))
    #expect(keys.contains("upstreams.<name>.circuit_breaker.open_for"))
  }

  /// Links between pages lead somewhere.
  @Test func linksLeadToPages() throws {
    let folder = "\(ExampleTests.root)/docs"
    let pages =
      try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".md") }.map { "docs/\($0)" } + ["README.md"]
    for page in pages {
      let base = URL(filePath: "\(ExampleTests.root)/\(page)").deletingLastPathComponent()
      for match in try text(page).matches(of: /\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)/) {
        let target = base.appending(path: String(match.1)).path
        #expect(FileManager.default.fileExists(atPath: target), "\(page): \(match.1)")
      }
    }
  }
}
