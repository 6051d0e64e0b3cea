/// Words: calls that hide what a test must control, and names that say nothing.
extension Rule {
  static let words = [calls, waits, durations, speech, types, verbs, titles, fragments]

  private static let calls = Rule(
    title: "no wall clock and no sleep",
    folders: ["Sources"], planted: ("Sources/Reactor/A.swift", "let a = Date()")
  ) { file in
    file.findings(/\bDate\(\)|\bThread\.sleep\b|\b[un]?(?:nano)?sleep\(/, "clocks are passed in")
  }

  /// Servers of tests pass time by `Pace`, and tests wait for events by `Patience`.
  private static let waits = Rule(
    title: "tests do not sleep, nor wait with a limit of their own",
    folders: ["Tests"], planted: ("Tests/A/A.swift", "  usleep(1000)")
  ) { file in
    file.findings(
      /\b(?:usleep|nanosleep)\(|\b(?:Thread|Task)\.sleep\b|\.now\(\) \+ \d|Clock\.now\.advanced\(by:/,
      "wait for an event, with Patience")
  }

  /// Only virtual time has upper bounds: how long something takes is the machine's business.
  private static let durations = Rule(
    title: "no real time is asserted to be short",
    folders: ["Tests/LoopbackTests"],
    planted: ("Tests/LoopbackTests/A.swift", "#expect(start.duration(to: .now) < .seconds(1))")
  ) { file in
    file.findings(
      /\.duration\((?:to: \.now|atShare: [\d.]+)\) <=? |\.slower\(than:/,
      "assert counts, order or causes, or do it in virtual time")
  }

  private static let speech = Rule(
    title: "only the command prints and gives up",
    folders: ["Sources"], planted: ("Sources/Reactor/A.swift", "  print(a)")
  ) { file in
    guard file.target != "weir" else { return [] }
    return file.findings(/\bprint\(|\bfatalError\(/, "for the command only")
  }

  private static let types = Rule(
    title: "types say what they are",
    folders: ["Sources", "Tests", "Fuzzing"],
    planted: ("Sources/Reactor/A.swift", "final class LoopManager {")
  ) { file in
    file.findings(
      /\b(?:class|struct|enum|protocol|actor|typealias) \w*(?:Manager|Helper|Util|Utils|Utilities|Common)\b/,
      "the name says nothing")
  }

  private static let verbs = Rule(
    title: "functions say what they do",
    folders: ["Sources", "Tests", "Fuzzing"],
    planted: ("Sources/Reactor/A.swift", "  func handleRead() {}")
  ) { file in
    file.findings(/\bfunc (?:handle|process)(?:[A-Z]\w*)?\b/, "the name says nothing")
  }

  private static let fragments = Rule(
    title: "a comment is a sentence with a subject, which does not begin with Of",
    folders: ["Sources", "Tests", "Examples"],
    planted: ("Sources/Reactor/A.swift", "  /// Of the loop.\n")
  ) { file in
    file.lines.enumerated().filter { $0.element.contains(/^\s*\/\/\/? Of\b/) }
      .map { "\(file.path):\($0.offset + 1): \($0.element)" }
  }

  private static let titles = Rule(
    title: "a page has one title, at its top",
    folders: [""], ending: ".md", planted: ("docs/a.md", "# One\n\n# Two\n")
  ) { file in
    var isCode = false
    var titles: [Int] = []
    for (number, line) in file.lines.enumerated() {
      if line.hasPrefix("```") { isCode.toggle() }
      if !isCode, line.hasPrefix("# ") { titles.append(number) }
    }
    return titles == [0] ? [] : ["\(file.path) has titles on lines \(titles.map { $0 + 1 })"]
  }
}
