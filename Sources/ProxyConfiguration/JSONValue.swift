/// A JSON document (RFC 8259), for the admin endpoints and the schema file; members keep their order.
package indirect enum JSONValue: Sendable {
  case text(String)
  case number(Int)
  /// Finite.
  case decimal(Double)
  case boolean(Bool)
  case null
  case list([JSONValue])
  case object([(String, JSONValue)])

  /// Reads a document, whose scalars all become texts; nil: it is none. JSON is read as the YAML that
  /// it is (YAML 1.2 §1.3), nested 32 deep at most.
  package static func read(_ text: [UInt8]) -> JSONValue? {
    (try? YAMLReader.read(text)).map { JSONValue($0.root) }
  }

  private init(_ node: YAMLNode) {
    self =
      switch node.content {
      case .scalar(let text): .text(text)
      case .list(let items): .list(items.map { JSONValue($0) })
      case .mapping(let entries): .object(entries.map { ($0.key, JSONValue($0.value)) })
      }
  }

  /// The member of that name; nil: it is not there, or this is no object.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.0 == name }?.1
  }

  /// The members of an object, in their order.
  package var members: [(String, JSONValue)] {
    if case .object(let members) = self { members } else { [] }
  }

  /// The items of a list.
  package var items: [JSONValue] { if case .list(let items) = self { items } else { [] } }

  /// A scalar as it is written.
  package var string: String? {
    switch self {
    case .text(let text): text
    case .number(let number): "\(number)"
    case .decimal(let number): "\(number)"
    case .boolean(let value): "\(value)"
    case .null, .list, .object: nil
    }
  }

  package var integer: Int? { string.flatMap { Int($0) } }

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
    case .decimal(let number): "\(number)"
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
