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

      | key | value | default | |
      |---|---|---|---|

      """
    append(Schema.weir, under: "", to: &text)
    return text
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
      let name = path + key.name
      let fallback =
        key.isRequired ? "required" : key.fallback.map { $0.isEmpty ? "" : "`\($0)`" } ?? ""
      let value = key.isBuilt ? SchemaChecker.expected(key.schema) : "not built yet"
      text += "| `\(name)` | \(value) | \(fallback) | \(key.doc) |\n"
      guard key.isBuilt else { continue }
      switch key.schema {
      case .object(let inner), .either(_, let inner): append(inner, under: name + ".", to: &text)
      case .list(.object(let inner)), .list(.either(_, let inner)):
        append(inner, under: name + "[].", to: &text)
      case .map(_, .object(let inner)): append(inner, under: name + ".<name>.", to: &text)
      default: break
      }
    }
  }
}
