import Primitives

/// A request to one of Weir's own pages, whole.
package struct ServerRequest: Sendable {
  package var method: String
  /// Without the query; a slash at the end says nothing and is gone: `/metrics/` is `/metrics`.
  package var path: String
  /// What follows "?", without it.
  package var query: String
  /// In the order in which they came; names in lower case.
  package var fields: [(name: String, value: String)]
  package var body: String

  package init(
    method: String, path: String, query: String = "", fields: [(name: String, value: String)] = [],
    body: String = ""
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.fields = fields
    self.body = body
  }

  package var isRead: Bool { method == "GET" || method == "HEAD" }

  /// The values of all fields of that name, which is in lower case (RFC 9110 §5.3); nil: there is no
  /// such field.
  package func field(_ name: String) -> String? {
    let values = fields.filter { $0.name == name }.map(\.value)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }

  /// What stands in the path behind `prefix` and a slash, decoded; empty for the prefix alone; nil:
  /// it is another path.
  package func rest(behind prefix: String) -> String? {
    guard path.hasPrefix(prefix) else { return nil }
    let rest = path.dropFirst(prefix.count)
    if rest.isEmpty { return "" }
    guard rest.first == "/" else { return nil }
    return Self.decoded(rest.dropFirst())
  }

  /// A member of the query, decoded.
  package func parameter(_ name: String) -> String? {
    let members = query.drop { $0 == "?" }.split(separator: "&")
    guard let member = members.first(where: { $0.hasPrefix(name + "=") }) else { return nil }
    return Self.decoded(member.dropFirst(name.count + 1))
  }

  /// Percent-encoded bytes as they are meant (RFC 3986 §2.1); what is no such triplet stays.
  package static func decoded(_ text: some StringProtocol) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x25, index + 2 < bytes.count,
        let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
      {
        result.append(value)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
