/// What may stand in a configuration: the one source of the checks, of the defaults, of the
/// reference page and of the JSON schema.
indirect enum Schema: Sendable {
  case text(String)
  case boolean
  case integer(ClosedRange<Int>)
  /// `250ms`, `5s`, `1m`, `2h`; where `mayBeOff`, also `off`.
  case duration(ClosedRange<Duration>, mayBeOff: Bool)
  /// `512B`, `64KiB`, `1MiB`, `2GiB`; where `mayBeOff`, also `off`.
  case size(ClosedRange<Int>, mayBeOff: Bool)
  /// A whole number, or `off`.
  case count(ClosedRange<Int>)
  /// `127.0.0.1:80`, `[::1]:80`, `unix:/path`; where `mayBeName`, also `host:port`.
  case address(mayBeName: Bool)
  case cidr
  case choice([Choice])
  /// `20%`, `12.5%`, in basis points, of which 100 are one percent; where `mayBeOff`, also `off`.
  case percentage(ClosedRange<Int>, mayBeOff: Bool)
  /// `503`, or a range of statuses such as `500-599`.
  case statuses
  /// One of these words, or a status of the range.
  case condition([String], ClosedRange<Int>)
  case list(Schema)
  /// A list, or where it would have one entry only, that entry.
  case oneOrMany(Schema)
  /// Free names to values of one kind; `String` says what the names are.
  case map(String, Schema)
  case object([Key])
  /// A short form, or the mapping that says more.
  case either(Schema, [Key])

  struct Choice: Sendable {
    var name: String
    var isBuilt = true
  }

  struct Key: Sendable {
    var name: String
    var schema: Schema
    /// As it would be written; nil: leaving it out is no value at all, which `doc` explains.
    var fallback: String?
    var isRequired = false
    /// Known, but no code stands behind it yet: an error that says so.
    var isBuilt = true
    /// What it does, what leaving it out means, and where the default comes from.
    var doc: String

    init(
      _ name: String, _ schema: Schema, default fallback: String? = nil,
      isRequired: Bool = false, isBuilt: Bool = true, _ doc: String
    ) {
      self.name = name
      self.schema = schema
      self.fallback = fallback
      self.isRequired = isRequired
      self.isBuilt = isBuilt
      self.doc = doc
    }
  }
}

extension Schema {
  static func choice(_ names: [String], later: [String] = []) -> Schema {
    .choice(names.map { Choice(name: $0) } + later.map { Choice(name: $0, isBuilt: false) })
  }
}
