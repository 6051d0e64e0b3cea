/// A JSON document that is written to a file and read by people: one member a line, in order.
indirect enum JSONDocument: Sendable {
  case text(String)
  case number(Int)
  case boolean(Bool)
  case list([JSONDocument])
  case object([(String, JSONDocument)])

  /// The document (RFC 8259). Lists of scalars stay on their line.
  func rendered(indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .text(let text): return Self.quoted(text)
    case .number(let number): return "\(number)"
    case .boolean(let value): return value ? "true" : "false"
    case .list(let items):
      if items.allSatisfy(\.isScalar) {
        return "[\(items.map { $0.rendered() }.joined(separator: ", "))]"
      }
      let lines = items.map { inner + $0.rendered(indent: inner) }
      return "[\n\(lines.joined(separator: ",\n"))\n\(indent)]"
    case .object(let members):
      guard !members.isEmpty else { return "{}" }
      let lines = members.map { "\(inner)\(Self.quoted($0.0)): \($0.1.rendered(indent: inner))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
    }
  }

  private var isScalar: Bool {
    switch self {
    case .text, .number, .boolean: true
    case .list, .object: false
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
