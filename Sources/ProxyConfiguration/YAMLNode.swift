/// A value of a YAML document and where it stands.
struct YAMLNode: Sendable {
  enum Content: Sendable {
    case scalar(String)
    case list([YAMLNode])
    case mapping([Entry])
  }

  struct Entry: Sendable {
    var key: String
    var keyMark: Mark
    var value: YAMLNode
  }

  /// From 1.
  struct Mark: Sendable, Equatable {
    var line: Int
    var column: Int
  }

  var content: Content
  var mark: Mark

  /// The keys of a mapping.
  var keys: Set<String> {
    if case .mapping(let entries) = content { Set(entries.lazy.map(\.key)) } else { [] }
  }

  /// What a person calls it.
  var kindName: String {
    switch content {
    case .scalar: "a value"
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }
}
