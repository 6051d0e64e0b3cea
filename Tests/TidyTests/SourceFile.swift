import Foundation

/// A file as the rules see it.
struct SourceFile {
  let path: String
  let lines: [String]
  /// `lines` with comments and what stands inside of literals left out.
  let code: [String]

  init(path: String, text: String) {
    self.path = path
    lines = text.components(separatedBy: "\n")
    code = path.hasSuffix(".swift") ? CodeStripper.strip(text).components(separatedBy: "\n") : lines
  }

  /// `DataPath` of `Sources/DataPath/…`; empty elsewhere.
  var target: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : ""
  }

  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// `what` for each line of code that `pattern` is found in.
  func findings(_ pattern: Regex<Substring>, _ what: String) -> [String] {
    code.indices.filter { code[$0].contains(pattern) }.map { "\(path):\($0 + 1): \(what)" }
  }
}
