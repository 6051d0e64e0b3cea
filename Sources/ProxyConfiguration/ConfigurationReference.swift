/// The reference page of all keys, made from the schema.
package enum ConfigurationReference {
  package static var page: String {
    var text = """
      # Configuration

      Made from the schema; `ConfigurationReferenceTests` holds it against that. Unknown keys are
      errors that name the nearest one. Durations are written `250ms`, `5s`, `0.5s`, `1m30s`; sizes
      `512B`, `64KiB`, `1MiB`; shares `20%`, `12.5%`. A value may hold `${NAME}` or `${NAME:-default}`; `$$` is a dollar
      sign. The file is loaded again on SIGHUP and when it changes; one with faults changes nothing.
      `config/weir.schema.json` is a JSON Schema of the same keys, for editors.

      Each section is a mapping; a key's name is its whole path, `[]` stands for each item of a list and
      `<name>` for a name of yours.


      """
    let sections = sections(Schema.weir, under: "", title: "top", doc: "")
    text += sections.map {
      "- [\($0.title == "top" ? "the file" : $0.title)](#\(anchor($0.title)))\n"
    }
    .joined()
    for section in sections {
      text += "\n<a id=\"\(anchor(section.title))\"></a>\n\n"
      text += section.title == "top" ? "## The file\n" : "## `\(section.title)`\n"
      if !section.doc.isEmpty { text += "\n\(section.doc)\n" }
      text += "\n| key | value | default | |\n|---|---|---|---|\n"
      for key in section.keys { appendRow(key, under: section.prefix, isLinked: true, to: &text) }
    }
    return text
  }

  private struct Part {
    var title: String
    /// Before the names of its keys.
    var prefix: String
    var doc: String
    var keys: [Schema.Key]
  }

  /// The mapping with those keys, and those inside it, in the order of reading.
  private static func sections(
    _ keys: [Schema.Key], under prefix: String, title: String, doc: String
  ) -> [Part] {
    [Part(title: title, prefix: prefix, doc: doc, keys: keys)]
      + keys.flatMap { key -> [Part] in
        guard key.isBuilt, let (path, inner) = mapping(key, prefix) else { return [] }
        return sections(inner, under: path + ".", title: path, doc: key.doc)
      }
  }

  /// The path of the mapping that a key holds, and its keys; nil: it holds none.
  private static func mapping(
    _ key: Schema.Key, _ prefix: String
  ) -> (path: String, keys: [Schema.Key])? {
    let name = prefix + key.name
    switch key.schema {
    case .object(let inner), .either(_, let inner): return (name, inner)
    case .list(.object(let inner)), .list(.either(_, let inner)): return (name + "[]", inner)
    case .oneOrMany(.object(let inner)), .oneOrMany(.either(_, let inner)):
      return (name + "[]", inner)
    case .map(_, .object(let inner)): return (name + ".<name>", inner)
    default: return nil
    }
  }

  /// `listeners-routes-retry`.
  private static func anchor(_ title: String) -> String {
    title.replacing("[]", with: "").replacing("<name>.", with: "").replacing(".<name>", with: "")
      .replacing(".", with: "-")
  }

  /// The keys of a scenario, those of its policies left out: they are the page's above.
  package static var scenarioTable: String {
    var text = "| key | value | default | |\n|---|---|---|---|\n"
    let keys = Schema.scenario.map { key in
      var key = key
      if key.name == Schema.policiesKey.name { key.schema = .object([]) }
      return key
    }
    append(keys, under: "", to: &text)
    return text
  }

  private static func append(_ keys: [Schema.Key], under path: String, to text: inout String) {
    for key in keys {
      appendRow(key, under: path, isLinked: false, to: &text)
      guard key.isBuilt, let (path, inner) = mapping(key, path) else { continue }
      append(inner, under: path + ".", to: &text)
    }
  }

  /// `isLinked`: a mapping's value leads to its section.
  private static func appendRow(
    _ key: Schema.Key, under path: String, isLinked: Bool, to text: inout String
  ) {
    let fallback =
      key.isRequired ? "required" : key.fallback.map { $0.isEmpty ? "" : "`\($0)`" } ?? ""
    var value = key.isBuilt ? SchemaChecker.expected(key.schema) : "not built yet"
    if isLinked, key.isBuilt, let (inner, _) = mapping(key, path) {
      value = "[\(value)](#\(anchor(inner)))"
    }
    text += "| `\(path)\(key.name)` | \(value) | \(fallback) | \(key.doc) |\n"
  }
}
