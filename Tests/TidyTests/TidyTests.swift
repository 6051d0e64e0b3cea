import Foundation
import Testing

/// The rules of CONTRIBUTING.md that a machine can check, held against the files themselves.
struct TidyTests {
  private static let rules = Rule.layers + Rule.size + Rule.words

  @Test(arguments: rules) func holds(rule: Rule) {
    let files = Repository.sources(in: rule.folders, ending: rule.ending)
    #expect(!files.isEmpty)
    let findings = files.flatMap(rule.check)
    #expect(findings.isEmpty, "\(rule.title):\n\(findings.joined(separator: "\n"))")
  }

  /// A rule that finds nothing in what breaks it guards nothing.
  @Test(arguments: rules) func canFail(rule: Rule) {
    #expect(!rule.check(SourceFile(path: rule.planted.path, text: rule.planted.text)).isEmpty)
  }

  /// Comments and literals are not code, and lengths are counted to the closing brace.
  @Test func readsCodeOnly() {
    let text =
      "let a = \"\\(b(\"print(\")) {\" // print(\n/// Date()\nlet c = #\"print(\"# + \"\"\"\n{\n\"\"\"\n"
    let file = SourceFile(path: "Sources/Reactor/A.swift", text: text)
    #expect(
      file.code.map { $0.trimmingCharacters(in: .whitespaces) } == [
        "let a =", "", "let c =  +", "", "", "",
      ])
    let lengths = Rule.functionLengths(
      SourceFile(
        path: "a.swift",
        text: "func a(\n  b: C\n)\n  throws -> D\n{\n  e { f }\n}\nfunc g()\nvar h: I { 1 }"))
    #expect(lengths.map(\.line) == [1, 9] && lengths.map(\.count) == [7, 1])
  }

  @Test func pathsHaveNoSpaces() {
    #expect(Repository.paths.count > 100)
    #expect(Repository.paths.filter { $0.contains(" ") } == [])
  }

  @Test func scriptsCanBeRun() {
    let scripts = Repository.paths.filter { path in
      [".ci/", "scripts/", "Benchmarks/"].contains { path.hasPrefix($0) }
        && Repository.text(path).hasPrefix("#!")
    }
    #expect(scripts.contains(".ci/run") && scripts.contains("scripts/packages"))
    #expect(scripts.filter { !Repository.isExecutable($0) } == [])
  }
}
