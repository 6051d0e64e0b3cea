/// Sizes: files and functions are read whole.
extension Rule {
  static let size = [files, functions]
  private static let fileLinesMax = 350
  private static let functionLinesMax = 70

  private static let files = Rule(
    title: "no file has more than 350 lines",
    folders: ["Sources", "Tests", "Fuzzing", "Benchmarks"],
    planted: ("Sources/HTTP1/A.swift", String(repeating: "\n", count: fileLinesMax + 1))
  ) { file in
    // The last line's end begins no further one.
    let count = file.lines.count - 1
    return count > fileLinesMax ? ["\(file.path) has \(count) lines"] : []
  }

  private static let functions = Rule(
    title: "no function has more than 70 lines",
    folders: ["Sources", "Tests", "Fuzzing", "Benchmarks"],
    planted: (
      "Sources/HTTP1/A.swift",
      "func a(\n) -> B {\n\(String(repeating: "  b()\n", count: functionLinesMax))}\n"
    )
  ) { file in
    functionLengths(file).filter { $0.count > functionLinesMax }
      .map { "\(file.path):\($0.line): \($0.count) lines" }
  }

  /// Each function, initialiser and computed property with its lines, its first one included.
  static func functionLengths(_ file: SourceFile) -> [(line: Int, count: Int)] {
    file.code.indices.compactMap { start in
      guard file.code[start].contains(/\b(?:func|init|deinit|subscript|var)\b/) else { return nil }
      return bodyEnd(file.code, from: start).map { (start + 1, $0 - start + 1) }
    }
  }

  /// The line that closes what the declaration at `start` opens; nil: it opens nothing.
  private static func bodyEnd(_ code: [String], from start: Int) -> Int? {
    var braces = 0
    var parentheses = 0
    for number in start..<code.count {
      for character in code[number] {
        switch character {
        case "{": braces += 1
        case "}":
          braces -= 1
          if braces < 0 { return nil }
          if braces == 0, parentheses == 0 { return number }
        case "(", "[": parentheses += 1
        case ")", "]": parentheses -= 1
        default: break
        }
      }
      let isOpen = braces > 0 || parentheses > 0
      if !isOpen, number + 1 < code.count,
        !code[number + 1].contains(/^\s*(?:->|\)|where|throws|async|\{)/)
      {
        return nil
      }
    }
    return nil
  }
}
