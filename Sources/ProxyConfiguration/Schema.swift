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
  /// A block of addresses, or SPIFFE ids.
  case peer
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

  /// When a key means anything.
  enum Use: Sendable {
    case always
    /// Only where that other key of the mapping is left out.
    case unless(String)
    /// Only where that other key is given.
    case with(String)
    /// Only where that other key has one of these values.
    case when(String, [String])
  }

  struct Key: Sendable {
    var name: String
    var schema: Schema
    /// As it would be written; nil: leaving it out is no value at all, which `doc` explains.
    var fallback: String?
    var isRequired = false
    /// Known, but no code stands behind it yet: an error that says so.
    var isBuilt = true
    /// A mapping whose defaults hold where it is left out; another one is something that is not there then.
    private(set) var holdsDefaults = false
    private(set) var use = Use.always
    /// It is not required where that other key of the mapping has that value.
    private(set) var exception: (key: String, value: String)?
    /// The default where it depends on the other keys of the mapping: made from it and the usual one.
    private(set) var derived: (@Sendable (Section, Section.Value?) -> Section.Value?)?
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

    var holdingDefaults: Key {
      var key = self
      key.holdsDefaults = true
      return key
    }

    func unless(_ key: String, is value: String) -> Key {
      var copy = self
      copy.exception = (key, value)
      return copy
    }

    func used(_ use: Use) -> Key {
      var key = self
      key.use = use
      return key
    }

    func derived(
      _ value: @escaping @Sendable (Section, Section.Value?) -> Section.Value?
    ) -> Key {
      var key = self
      key.derived = value
      return key
    }
  }
}

extension Schema {
  static func choice(_ names: [String], later: [String] = []) -> Schema {
    .choice(names.map { Choice(name: $0) } + later.map { Choice(name: $0, isBuilt: false) })
  }
}
