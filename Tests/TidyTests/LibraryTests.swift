import Testing

/// What the library product promises beside its code: no other package, and examples that compile.
struct LibraryTests {
  private var manifest: String { Repository.text("Package.swift") }

  /// Each comes with a trait. Else who takes the library without the proxy would fetch what it does not use. Benchmarks
  /// are added by an environment variable.
  @Test func otherPackagesComeWithTheProxyOnly() {
    let declared = manifest.matches(of: /(?s)\.product\(\s*name: .*?\)\)/).map { String($0.0) }
    let own = declared.filter {
      !$0.contains(/traits: \["(Proxy|Metrics|Tracing)"\]/) && !$0.contains("\"Benchmark\"")
    }
    #expect(!declared.isEmpty && own == [])
  }

  @Test func theLibraryKeepsTheExclusivityCheck() {
    let flags = manifest.matches(of: /-enforce-exclusivity=unchecked"\], \.when\((.*)\)\)/)
    #expect(flags.count == 1 && flags.allSatisfy { $0.1.contains("traits: [\"Proxy\"]") })
  }

  /// The articles' code is lines of the example, which is built and run.
  @Test func articlesShowTheExample() {
    let example = Repository.sources(in: ["Examples/ResilientService/Sources"])
      .map { $0.lines.joined(separator: "\n") + "\n" }
    let articles = Repository.sources(in: ["Sources/Resilience/Resilience.docc"], ending: ".md")
    let snippets = articles.flatMap { article in
      article.lines.joined(separator: "\n").matches(of: /(?s)```swift\n(.*?)```/).map {
        String($0.1)
      }
    }
    #expect(snippets.count > 5)
    let unknown = snippets.filter { snippet in !example.contains { $0.contains(snippet) } }
    #expect(unknown == [])
  }
}
