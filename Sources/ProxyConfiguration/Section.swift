import Primitives

/// A checked mapping: every value is of its schema's kind, and what was left out has its default.
struct Section {
  enum Value {
    case text(String)
    case boolean(Bool)
    case integer(Int)
    /// Nil: off.
    case duration(Duration?)
    case quantity(Int?)
    case statuses(ClosedRange<Int>)
    case list([Located])
    case map([(name: String, mark: YAMLNode.Mark, value: Located)])
    case section(Section)
  }

  struct Located {
    var value: Value
    var mark: YAMLNode.Mark
  }

  var mark: YAMLNode.Mark
  var keys: [Schema.Key]
  var values: [String: Located] = [:]
  /// Keys that were meant and written wrong, or whose values are wrong: that is told, and that they
  /// are missing is no fault of its own.
  var mistaken: Set<String> = []

  func has(_ key: String) -> Bool { values[key] != nil }
  func isMeant(_ key: String) -> Bool { has(key) || mistaken.contains(key) }
  func mark(_ key: String) -> YAMLNode.Mark { values[key]?.mark ?? mark }

  func text(_ key: String) -> String? {
    if case .text(let text)? = value(key) { text } else { nil }
  }

  /// `off` was written.
  func isOff(_ key: String) -> Bool {
    switch values[key]?.value {
    case .duration(nil)?, .quantity(nil)?: true
    default: false
    }
  }

  func boolean(_ key: String) -> Bool {
    if case .boolean(let value)? = value(key) { value } else { false }
  }

  func integer(_ key: String) -> Int? {
    if case .integer(let value)? = value(key) { value } else { nil }
  }

  /// Nil: off, or left out without a default.
  func duration(_ key: String) -> Duration? {
    if case .duration(let value)? = value(key) { value } else { nil }
  }

  /// A size, a count or basis points; nil: off, or left out without a default.
  func quantity(_ key: String) -> Int? {
    if case .quantity(let value)? = value(key) { value } else { nil }
  }

  /// Nil: off, or left out without a default.
  func share(_ key: String) -> Share? { quantity(key).map { Share(basisPoints: $0) } }

  /// What a list of statuses holds, as written.
  func statuses(_ key: String) -> [ClosedRange<Int>] {
    list(key).compactMap { if case .statuses(let range) = $0.value { range } else { nil } }
  }

  func list(_ key: String) -> [Located] {
    if case .list(let items)? = value(key) { items } else { [] }
  }

  func texts(_ key: String) -> [String] {
    list(key).compactMap { if case .text(let text) = $0.value { text } else { nil } }
  }

  func map(_ key: String) -> [(name: String, mark: YAMLNode.Mark, value: Located)] {
    if case .map(let entries)? = value(key) { entries } else { [] }
  }

  /// A mapping of texts, by name.
  func pairs(_ key: String) -> [RouteConfiguration.Field] {
    map(key).compactMap { entry in
      if case .text(let value) = entry.value.value {
        .init(name: entry.name, value: value)
      } else {
        nil
      }
    }.sorted { $0.name < $1.name }
  }

  /// The mapping under `key`; an empty one, with its defaults, where it was left out.
  func section(_ key: String) -> Section {
    if case .section(let section)? = values[key]?.value { return section }
    switch schema(key)?.schema {
    case .object(let keys)?, .either(_, let keys)?: return Section(mark: mark, keys: keys)
    default: preconditionFailure("the schema has no section \(key)")
    }
  }

  /// What holds where `key` was left out.
  func byDefault(_ key: Schema.Key) -> Value? {
    let usual = key.fallback.flatMap { SchemaChecker.default($0, key.schema) }
    return key.derived.map { $0(self, usual) } ?? usual
  }

  /// Whether a key means anything beside the others.
  func isUsed(_ key: Schema.Key) -> Bool {
    switch key.use {
    case .always: true
    case .unless(let other): !has(other)
    case .with(let other): has(other)
    case .when(let other, let values): text(other).map(values.contains) ?? false
    }
  }

  private func schema(_ key: String) -> Schema.Key? { keys.first { $0.name == key } }

  private func value(_ key: String) -> Value? {
    if let given = values[key] { return given.value }
    guard let entry = schema(key) else { preconditionFailure("the schema has no key \(key)") }
    return byDefault(entry)
  }
}
