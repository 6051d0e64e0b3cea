/// A JSON document that the admin endpoints show.
package indirect enum JSONValue: Sendable {
  case text(String)
  case number(Int)
  case boolean(Bool)
  case null
  case list([JSONValue])
  case object([(String, JSONValue)])

  /// The document on one line (RFC 8259).
  package var text: String {
    switch self {
    case .text(let text): return Self.quoted(text)
    case .number(let number): return "\(number)"
    case .boolean(let value): return value ? "true" : "false"
    case .null: return "null"
    case .list(let items): return "[\(items.map(\.text).joined(separator: ","))]"
    case .object(let members):
      let inner = members.map { "\(Self.quoted($0.0)):\($0.1.text)" }
      return "{\(inner.joined(separator: ","))}"
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
