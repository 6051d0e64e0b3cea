/// A JSON Schema (draft 2020-12), made from the schema, for editors and for checks that come before
/// Weir's own.
///
/// What it cannot say stands in descriptions: the range of a duration or a size, that an upstream
/// exists, that two names differ. A key that is not built yet is not in it, so it is refused as by
/// `weir check`. Numbers, `true` and `false` stand without quotes; any value may be a variable.
package enum ConfigurationSchema {
  /// The schema of `weir.yaml`, as it stands in `config/weir.schema.json`.
  package static var text: String { document("Weir's configuration", Schema.weir) }

  /// The schema of a scenario, as it stands in `config/scenario.schema.json`.
  package static var scenarioText: String {
    document("A scenario of weir simulate", Schema.scenario)
  }

  private static func document(_ title: String, _ keys: [Schema.Key]) -> String {
    var members: [(String, JSONValue)] = [
      ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      ("title", .text(title)),
    ]
    members += object(keys, "")
    members.append(("$defs", .object([("variable", variable)])))
    return JSONValue.object(members).lines() + "\n"
  }

  private static func object(_ keys: [Schema.Key], _ path: String) -> [(String, JSONValue)] {
    let built = keys.filter(\.isBuilt)
    let properties = built.map { key in
      (key.name, property(key, path.isEmpty ? key.name : "\(path).\(key.name)"))
    }
    var members: [(String, JSONValue)] = [
      ("type", .text("object")), ("additionalProperties", .boolean(false)),
    ]
    let required = built.filter { $0.isRequired && $0.exception == nil }
    if !required.isEmpty {
      members.append(("required", .list(required.map { .text($0.name) })))
    }
    let rules = rules(at: path, built)
    if !rules.isEmpty { members.append(("allOf", .list(rules))) }
    members.append(("properties", .object(properties)))
    return members
  }

  private static func property(_ key: Schema.Key, _ path: String) -> JSONValue {
    var description = key.doc
    switch key.schema {
    case .duration, .size, .percentage:
      description += " Value: \(SchemaChecker.expected(key.schema))."
    default: break
    }
    var members: [(String, JSONValue)] = [("description", .text(description))]
    if let fallback = key.fallback { members.append(("default", value(fallback, key.schema))) }
    members += kind(key.schema, path)
    if case .list = key.schema, key.isRequired { members.append(("minItems", .number(1))) }
    if path == "listeners[].routes[].split" { members.append(("contains", weighted)) }
    return .object(members)
  }

  private static func value(_ text: String, _ schema: Schema) -> JSONValue {
    switch schema {
    case .integer, .count: Int(text).map { .number($0) } ?? .text(text)
    case .boolean: .boolean(text == "true")
    case .list(let element):
      .list(text.split(separator: ", ").map { value(String($0), element) })
    default: .text(text)
    }
  }

  private static func kind(_ schema: Schema, _ path: String) -> [(String, JSONValue)] {
    switch schema {
    case .text(let meaning): text(meaning, path)
    case .boolean: orVariable([[("type", .text("boolean"))]])
    case .integer(let range): orVariable([integer(range)])
    case .count(let range): orVariable([integer(range), [("const", .text("off"))]])
    case .duration(_, let mayBeOff): pattern(Form.duration, mayBeOff)
    case .size(_, let mayBeOff): pattern(Form.size, mayBeOff)
    case .address(let mayBeName): pattern(Form.address(mayBeName), false)
    case .peer: pattern(Form.peer, false)
    case .choice(let choices):
      orVariable([[("enum", .list(choices.filter(\.isBuilt).map { .text($0.name) }))]])
    case .percentage(let range, let mayBeOff):
      pattern(Form.percentage(range), mayBeOff)
    case .statuses:
      [
        (
          "anyOf",
          .list([.object(integer(100...599)), .object(pattern(Form.statuses, false))])
        )
      ]
    case .condition(let words, let range):
      orVariable([[("enum", .list(words.map { .text($0) }))], integer(range)])
    case .oneOrMany(let element):
      [
        (
          "anyOf",
          .list([
            .object(kind(element, path + "[]")), .object(kind(.list(element), path)),
          ])
        )
      ]
    case .list(let element):
      [("type", .text("array")), ("items", .object(kind(element, path + "[]")))]
    case .map(let names, let element):
      [("type", .text("object"))] + propertyNames(names, path)
        + [("additionalProperties", .object(kind(element, path + ".<name>")))]
    case .object(let keys): object(keys, path)
    case .either(let short, let keys):
      [("anyOf", .list([.object(kind(short, path)), .object(object(keys, path))]))]
    }
  }

  private static func integer(_ range: ClosedRange<Int>) -> [(String, JSONValue)] {
    [
      ("type", .text("integer")), ("minimum", .number(range.lowerBound)),
      ("maximum", .number(range.upperBound)),
    ]
  }

  /// A word that YAML reads as a number or a truth value is as good a name.
  private static func text(_ meaning: String, _ path: String) -> [(String, JSONValue)] {
    guard let form = Form.text(meaning) else {
      return [("type", .list([.text("string"), .text("number"), .text("boolean")]))]
    }
    return pattern(path.hasSuffix(".remove[]") ? Form.changeableField : form, false)
  }

  private static func propertyNames(_ names: String, _ path: String) -> [(String, JSONValue)] {
    guard names == "field names to values" else { return [] }
    let isEdit = path.hasSuffix(".set") || path.hasSuffix(".add")
    let form = isEdit ? Form.changeableField : Form.token
    return [("propertyNames", .object([("pattern", .text("^\(form)$"))]))]
  }

  // MARK: Variables

  /// What a variable stands for is known at start only, so any text with a `$` passes.
  private static let variable = JSONValue.object([
    ("description", .text("A value with ${NAME} or ${NAME:-default} in it.")),
    ("type", .text("string")), ("pattern", .text(#"\$"#)),
  ])

  private static func orVariable(_ forms: [[(String, JSONValue)]]) -> [(String, JSONValue)] {
    let reference = JSONValue.object([("$ref", .text("#/$defs/variable"))])
    return [("anyOf", .list(forms.map { .object($0) } + [reference]))]
  }

  private static func pattern(_ form: String, _ mayBeOff: Bool) -> [(String, JSONValue)] {
    let off = mayBeOff ? "|off" : ""
    return [("type", .text("string")), ("pattern", .text(#"^(\#(form)\#(off)|.*\$.*)$"#))]
  }
}
