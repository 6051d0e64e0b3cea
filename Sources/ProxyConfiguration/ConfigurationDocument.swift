import Primitives

/// A checked mapping as a file would have it, every default that holds included: what `/config` shows.
///
/// Made from the schema, as the reference and the JSON schema are, so that no key is written a second time.
/// Read back it means the same. Two documents are equal, whatever they look like: what a configuration means
/// is compared by its parts.
package struct ConfigurationDocument: Sendable, Equatable {
  package let json: JSONValue

  init(_ top: Section) { json = Self.json(top) }

  package static func == (left: Self, right: Self) -> Bool { true }

  private static func json(_ section: Section) -> JSONValue {
    .object(
      section.keys.compactMap { key in
        guard let value = section.shown(key) else { return nil }
        return (key.name, json(value, key.schema))
      })
  }

  private static func json(_ value: Section.Value, _ schema: Schema) -> JSONValue {
    switch value {
    case .text(let value): text(value)
    case .boolean(let value): .boolean(value)
    case .integer(let value): .number(value)
    case .duration(let value): value.map { .text(Scalars.text($0)) } ?? .text("off")
    case .quantity(let value): value.map { quantity($0, schema) } ?? .text("off")
    case .statuses(let range): .text(Scalars.text(range))
    case .list(let items): .list(items.map { json($0.value, element(schema)) })
    case .map(let entries):
      .object(entries.map { ($0.name, json($0.value.value, element(schema))) })
    case .section(let section): json(section)
    }
  }

  /// A dollar sign would begin a variable.
  private static func text(_ text: String) -> JSONValue {
    .text(text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$"))
  }

  private static func quantity(_ value: Int, _ schema: Schema) -> JSONValue {
    switch schema {
    case .size: .text(Scalars.text(bytes: value))
    case .percentage: .text(Scalars.text(basisPoints: value))
    default: .number(value)
    }
  }

  private static func element(_ schema: Schema) -> Schema {
    switch schema {
    case .list(let element), .oneOrMany(let element), .map(_, let element): element
    default: schema
    }
  }
}

extension Section {
  /// The value that holds for `key`: the given one, or its default; nil: it is not there.
  fileprivate func shown(_ key: Schema.Key) -> Value? {
    if let given = values[key.name] { return given.value }
    guard isUsed(key) else { return nil }
    return key.holdsDefaults ? .section(section(key.name)) : byDefault(key)
  }
}
