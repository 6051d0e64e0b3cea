/// A JSON document (RFC 8259), for the admin endpoints and the schema file; members keep their order.
package indirect enum JSONValue: Sendable {
  case text(String)
  case number(Int)
  case boolean(Bool)
  case null
  case list([JSONValue])
  case object([(String, JSONValue)])

  /// On one line, for programs.
  package var text: String {
    switch self {
    case .list(let items): return "[\(items.map(\.text).joined(separator: ","))]"
    case .object(let members):
      let inner = members.map { "\(Self.quoted($0.0)):\($0.1.text)" }
      return "{\(inner.joined(separator: ","))}"
    default: return scalar ?? ""
    }
  }

  /// One member a line, for people. Lists of scalars stay on their line.
  package func lines(indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .list(let items):
      if items.allSatisfy({ $0.scalar != nil }) {
        return "[\(items.compactMap(\.scalar).joined(separator: ", "))]"
      }
      let rows = items.map { inner + $0.lines(indent: inner) }
      return "[\n\(rows.joined(separator: ",\n"))\n\(indent)]"
    case .object(let members):
      guard !members.isEmpty else { return "{}" }
      let rows = members.map { "\(inner)\(Self.quoted($0.0)): \($0.1.lines(indent: inner))" }
      return "{\n\(rows.joined(separator: ",\n"))\n\(indent)}"
    default: return scalar ?? ""
    }
  }

  /// Nil: it is a list or an object.
  private var scalar: String? {
    switch self {
    case .text(let text): Self.quoted(text)
    case .number(let number): "\(number)"
    case .boolean(let value): value ? "true" : "false"
    case .null: "null"
    case .list, .object: nil
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
