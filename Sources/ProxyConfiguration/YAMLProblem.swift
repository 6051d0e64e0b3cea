/// What libyaml's messages mean for someone who wrote the file, and how to mend it.
enum YAMLProblem {
  /// `begin`: the line where the construct around the problem begins; nil where there is none.
  /// `line`: the text of the line where it was met.
  static func message(_ problem: String, begin: Int?, line: String) -> String {
    if let hint = addressHint(line) { return hint }
    let beginning = begin.map { " that begins in line \($0)" } ?? ""
    switch problem {
    case "did not find expected '-' indicator":
      return "this line does not fit the list\(beginning); indent it as the lines around it"
    case "did not find expected key":
      return "this line does not fit the mapping\(beginning); its keys must begin in one column"
    case "mapping values are not allowed in this context":
      return "a key cannot stand here; is a space missing behind a colon in the line above, or "
        + "does a value with a colon need quotes?"
    case "found character that cannot start any token":
      return "a tab, or one of @ ` %, stands here; indent with spaces and quote such values"
    case "could not find expected ':'":
      return "a key without a colon; write \"key: value\""
    case "did not find expected ',' or ']'":
      return "the list\(beginning) is not closed with ], or a comma is missing"
    case "did not find expected ',' or '}'":
      return "the mapping\(beginning) is not closed with }, or a comma is missing"
    case "found unexpected end of stream", "found unexpected document indicator":
      return "the quote\(beginning) is not closed"
    case "did not find expected node content":
      return "a value is missing, or a [ or { is not closed"
    case "did not find expected alphabetic or numeric character":
      let port = line.split(separator: "*:").dropFirst().first?.prefix { $0.isNumber } ?? ""
      return "a value that begins with * or & needs quotes; for every address of the machine "
        + "write 0.0.0.0:\(port.isEmpty ? "8080" : String(port))"
    case "found unknown escape character":
      return "no such escape; write \\\\ for a backslash, or use single quotes"
    case "did not find expected <document start>":
      return "what stands here belongs to nothing above it; keys at the top begin in column 1"
    case "control characters are not allowed":
      return "the file holds bytes that are not text; is it the right file?"
    default:
      let isEncoding = problem.contains("UTF-8") || problem.contains("octet")
      return isEncoding ? "the file must be UTF-8; save it as that" : "not YAML: \(problem)"
    }
  }

  /// A list or a mapping where a key belongs.
  static func badKey(line: String) -> String {
    addressHint(line) ?? "a key must be a plain word"
  }

  private static func addressHint(_ line: String) -> String? {
    bareIPv6(line).map { "an address in brackets needs quotes; write \"\($0)\"" }
  }

  /// An IPv6 address with a port that stands without quotes, where YAML begins a list.
  private static func bareIPv6(_ line: String) -> String? {
    for open in line.indices where line[open] == "[" {
      let isQuoted = line[..<open].last == "\"" || line[..<open].last == "'"
      guard !isQuoted, let close = line[open...].firstIndex(of: "]") else { continue }
      let inner = line[line.index(after: open)..<close]
      let behind = line[line.index(after: close)...]
      let port = behind.dropFirst().prefix { $0.isNumber }
      let isAddress =
        inner.contains(":") && inner.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
      if isAddress, behind.first == ":", !port.isEmpty { return "[\(inner)]:\(port)" }
    }
    return nil
  }
}
