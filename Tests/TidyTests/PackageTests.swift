import Testing

/// Package.swift against the design's table.
struct PackageTests {
  /// What `Package.swift` says that `target` depends on.
  private func dependencies(_ target: String, _ manifest: String) -> [String]? {
    guard let start = manifest.firstRange(of: "\"\(target)\"") else { return nil }
    var depth = 1
    let rest = manifest[start.upperBound...]
    let end = rest.firstIndex { character in
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      return depth == 0
    }
    return rest[..<(end ?? rest.endIndex)].matches(of: /"([A-Z]\w+)"/).map { String($0.1) }
  }

  private var targets: [String] {
    Set(
      Repository.paths.filter { $0.hasPrefix("Sources/") && $0.hasSuffix(".swift") }.map {
        String($0.split(separator: "/")[1])
      }
    ).sorted()
  }

  @Test func declaresOnlyWhatTheTableAllows() throws {
    let text = Repository.text("Package.swift")
    // Products and test targets name targets too.
    let begin = try #require(text.firstRange(of: "targets: [\n"))
    let manifest = String(text[begin.upperBound...])
    #expect(targets.count > 10)
    for target in targets where target != "weir" {
      let declared = try #require(dependencies(target, manifest), "\(target) is not declared")
      for module in declared {
        #expect(Layers.mayImport(target, module), "\(target) depends on \(module)")
      }
    }
    #expect(dependencies("HTTP1", manifest)?.contains("HTTPModel") == true)
  }

  @Test func everyTargetIsInTheTable() {
    #expect(targets.filter { Layers.imports[$0] == nil } == [])
  }

  /// Rule 7 of ARCHITECTURE.md, and no unchecked build.
  @Test func everyTargetIsStrict() {
    let text = Repository.text("Package.swift")
    #expect(
      text.contains(".strictMemorySafety()") && text.contains(".treatAllWarnings(as: .error)"))
    #expect(!text.contains("-Ounchecked"))
    let declared = text.matches(of: /swiftSettings: (\w+)/).map { String($0.1) }
    #expect(!declared.isEmpty && Set(declared) == ["settings"])
  }

  /// The dynamic exclusivity check is left out where requests go through and nowhere else (decision
  /// 0001).
  @Test func onlyTheHotPathIsUnchecked() {
    let text = Repository.text("Package.swift")
    let hot = text.matches(of: /hotPath\(\s*"(\w+)"/).map { String($0.1) }
    #expect(
      Set(hot) == [
        "Primitives", "Reactor", "HTTPModel", "HTTP1", "HTTP2", "Resilience", "Routing",
        "Upstreams",
        "Telemetry", "TLS", "Transport", "HTTPClient", "DataPath",
      ])
    // The function itself, and the micro-benchmarks, into which those targets are inlined.
    #expect(text.matches(of: /settings \+ unchecked/).count == 2)
    #expect(text.matches(of: /exclusivity=unchecked/).count == 1)
  }
}
