/// The JSON Schema of a configuration (draft 2020-12), made from the schema, for editors and for
/// checks that come before Weir's own.
///
/// What it cannot say stands in descriptions: the range of a duration, a size or a port, and that
/// an upstream exists. A key that is not built yet is not in it, so it is refused as by
/// `weir check`. Numbers, `true` and `false` stand without quotes; any value may be a variable.
package enum ConfigurationSchema {
  package static var text: String {
    var members: [(String, JSONValue)] = [
      ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      ("title", .text("Weir's configuration")),
    ]
    members += object(Schema.weir, "")
    members.append(("$defs", .object([("variable", variable)])))
    return JSONValue.object(members).lines() + "\n"
  }

  /// Keys of which a mapping has one, as `RouteReader` checks it.
  private static func alternatives(_ path: String) -> [(String, JSONValue)] {
    switch path {
    case "listeners[].routes[]":
      let actions = ["upstream", "split", "redirect", "respond"]
      return [("oneOf", .list(actions.map(requires)))]
    case "listeners[].routes[].match":
      let pairs = [["prefix", "path"], ["prefix", "regex"], ["path", "regex"]]
      return [("not", .object([("anyOf", .list(pairs.map(requiresAll)))]))]
    case "listeners[].routes[].fallback":
      return [("oneOf", .list(["upstream", "respond"].map(requires)))]
    case "upstreams.<name>.balancing.hash_on":
      return [("oneOf", .list(["header", "cookie", "source", "path"].map(requires)))]
    case _ where path.hasSuffix("circuit_breaker"):
      return [("not", requiresAll(["window", "window_calls"]))]
    case "listeners[].routes[].redirect":
      return [("anyOf", .list(["scheme", "host", "path"].map(requires)))]
    default: return []
    }
  }

  private static func requires(_ key: String) -> JSONValue { requiresAll([key]) }

  private static func requiresAll(_ keys: [String]) -> JSONValue {
    .object([("required", .list(keys.map { .text($0) }))])
  }

  private static func object(_ keys: [Schema.Key], _ path: String) -> [(String, JSONValue)] {
    let built = keys.filter(\.isBuilt)
    let properties = built.map { key in
      (key.name, property(key, path.isEmpty ? key.name : "\(path).\(key.name)"))
    }
    var members: [(String, JSONValue)] = [
      ("type", .text("object")), ("additionalProperties", .boolean(false)),
    ]
    let required = built.filter(\.isRequired)
    if !required.isEmpty {
      members.append(("required", .list(required.map { .text($0.name) })))
    }
    members += alternatives(path)
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
    // A word that YAML reads as a number is as good a name.
    case .text: [("type", .list([.text("string"), .text("number"), .text("boolean")]))]
    case .boolean: orVariable([[("type", .text("boolean"))]])
    case .integer(let range): orVariable([integer(range)])
    case .count(let range): orVariable([integer(range), [("const", .text("off"))]])
    case .duration(_, let mayBeOff): pattern(duration, mayBeOff)
    case .size(_, let mayBeOff): pattern("[0-9]+(B|KiB|MiB|GiB)", mayBeOff)
    case .address(let mayBeName): pattern(address(mayBeName), false)
    case .cidr: pattern(#"[0-9A-Fa-f:.]+(/[0-9]{1,3})?"#, false)
    case .choice(let choices):
      orVariable([[("enum", .list(choices.filter(\.isBuilt).map { .text($0.name) }))]])
    case .percentage(_, let mayBeOff): pattern(#"[0-9]+(\.[0-9]{1,2})?%"#, mayBeOff)
    case .statuses:
      [
        (
          "anyOf",
          .list([
            .object(integer(100...599)), .object(pattern("[1-5][0-9]{2}(-[1-5][0-9]{2})?", false)),
          ])
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
    case .map(_, let element):
      [
        ("type", .text("object")),
        ("additionalProperties", .object(kind(element, path + ".<name>"))),
      ]
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

  private static func address(_ mayBeName: Bool) -> String {
    let forms = [#"unix:.{1,107}"#, #"[0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5}"#]
    let name = #"[A-Za-z0-9_.-]+:[0-9]{1,5}"#
    let bracketed = #"\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}"#
    return (forms + [bracketed] + (mayBeName ? [name] : [])).joined(separator: "|")
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

  /// Parts of falling units, at least one (`Scalars.duration`).
  private static let duration = {
    let units = ["h", "m", "s", "ms", "us"].map { #"([0-9]+(\.[0-9]+)?\#($0))?"# }
    return "(?=[0-9])" + units.joined()
  }()

  private static func pattern(_ form: String, _ mayBeOff: Bool) -> [(String, JSONValue)] {
    let off = mayBeOff ? "|off" : ""
    return [("type", .text("string")), ("pattern", .text(#"^(\#(form)\#(off)|.*\$.*)$"#))]
  }
}
