import Foundation
import Testing

/// Pages that promise something, against the tests of the whole proxy that must name it.
struct CoverageTests {
  private static let tests = Repository.sources(in: [
    "Tests/LoopbackTests", "Tests/SimulationTests",
  ])
  .map { $0.lines.joined(separator: "\n") }.joined(separator: "\n")

  /// The first column of a page's table.
  private static func names(_ page: String) -> [String] {
    Repository.text(page).matches(of: /(?m)^\| `([^`]+)` \|(?! not built yet)/).map { String($0.1) }
  }

  private static let failures = names("docs/failures.md")

  /// Ceilings, clocks and rates; what has not got a number cannot be exceeded.
  private static let limits = names("docs/configuration.md").filter { name in
    name.contains(/\blimits\.|\btimeouts\.|_rate\.|\bdrain\.|timeout$|\.sample$/)
  }

  @Test func thePagesAreRead() {
    #expect(Self.failures.count > 30 && Self.limits.count > 20)
  }

  /// As a test's text, or as the case of `FailureKind` of that name.
  @Test(arguments: failures) func aTestNamesTheFailure(name: String) {
    let words = name.split(separator: "_")
    let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    let isNamed =
      Self.occurs("\"\(name)", in: Self.tests)
      || Self.occurs(".\(words[0] + rest)", in: Self.tests)
    #expect(isNamed, "\(name)")
  }

  /// In its section: `limits: { fields: 3 }`.
  @Test(arguments: limits) func aTestSetsTheLimit(name: String) throws {
    let path = name.split(separator: ".")
    let key = try #require(path.last)
    let section = path.dropLast().last.map { $0.replacing("[]", with: "") } ?? ""
    let isInside = ["limits", "timeouts", "request_body_rate", "drain"].contains(section)
    let places = isInside ? Self.sections("\(section): {") : [Self.tests]
    let isSet = places.contains { Self.occurs("\(key): ", in: $0) }
    #expect(isSet, "\(name)")
  }

  /// What stands behind each `opening`, up to the brace that closes it.
  private static func sections(_ opening: String) -> [String] {
    tests.components(separatedBy: opening).dropFirst().map { text in
      String(text.prefix { $0 != "}" })
    }
  }

  private static func occurs(_ text: String, in whole: String) -> Bool {
    whole.range(of: text, options: .literal) != nil
  }
}
