/// What holds between the keys of a mapping, as far as JSON Schema can say it; `RouteReader`,
/// `UpstreamReader` and their neighbours check the same and more.
extension ConfigurationSchema {
  /// The rules of the mapping at `path`, such as `listeners[].routes[]`, whose keys are `keys`.
  static func rules(at path: String, _ keys: [Schema.Key]) -> [JSONValue] {
    let name = path.split(separator: ".").last.map(String.init) ?? path
    switch name {
    case "routes[]" where path == "listeners[].routes[]":
      return [exactlyOne(actions)]
        + ["retry", "hedge", "circuit_breaker", "fallback", "subset"].map {
          whereGiven($0, anyOf(["upstream", "split"]))
        } + [object([("if", matchesRegex), ("then", absent("rewrite"))])]
    case "listeners[]":
      return [
        object([
          ("if", property("protocol", .object([("const", .text("tcp"))]), isRequired: true)),
          (
            "then",
            object([("required", .list([.text("upstream")])), ("not", requires(["routes"]))])
          ),
          (
            "else",
            object([("required", .list([.text("routes")])), ("not", requires(["upstream"]))])
          ),
        ])
      ]
    case "match": return [atMostOne(["prefix", "path", "regex"])]
    case "redirect": return [anyOf(["scheme", "host", "path"]), redirectStatus]
    case "respond": return [bodyless]
    case "fallback": return [exactlyOne(["upstream", "respond"])]
    case "fault": return [anyOf(["delay", "abort", "reset", "bandwidth"])]
    case "rate_limit", "rate_limit[]":
      return [
        object([
          ("if", property("by", .object([("const", .text("header"))]), isRequired: true)),
          ("then", requires(["header"])), ("else", absent("header")),
        ])
      ]
    case "access_log": return ["request_headers", "response_headers"].map(loggedFields)
    case "hash_on":
      let yes = JSONValue.object([("const", .boolean(true))])
      return [exactlyOne(["header", "cookie", "source", "identity", "path"])]
        + ["source", "identity", "path"].map { property($0, orVariable(yes)) }
    case "balancing": return balancing
    case "health_check": return ["host", "statuses"].map { whereGiven($0, requires(["path"])) }
    case _ where name.hasSuffix("circuit_breaker"):
      return [atMostOne(["window", "window_calls"]), neverOpens(keys)]
    case "time" where path.hasPrefix("services."):
      return [exactlyOne(["exponential", "lognormal", "pareto"])]
    case "calls[]": return [exactlyOne(["service", "parallel"])]
    case "parallel[]": return [requires(["service"])]
    default: return []
    }
  }

  /// A share that somebody takes; a split has one at least.
  static let weighted = property(
    "weight", .object([("not", .object([("const", .number(0))]))]), isRequired: true)

  private static let actions = ["upstream", "split", "redirect", "respond"]

  private static let matchesRegex = property("match", requires(["regex"]), isRequired: true)

  private static let redirectStatus = property(
    "status",
    orVariable(.object([("enum", .list([301, 302, 303, 307, 308].map { .number($0) }))])))

  /// An answer with one of these statuses has no body (RFC 9110 §15).
  private static let bodyless = object([
    (
      "if",
      property(
        "status", .object([("enum", .list([204, 205, 304].map { .number($0) }))]),
        isRequired: true)
    ),
    ("then", property("body", .object([("maxLength", .number(0))]))),
  ])

  /// Hashing policies need something to hash, and nobody else may name it.
  private static let balancing: [JSONValue] = [
    object([
      (
        "if",
        property(
          "policy", .object([("enum", .list([.text("ring_hash"), .text("maglev")]))]),
          isRequired: true)
      ),
      ("then", requires(["hash_on"])),
      (
        "else",
        object([
          (
            "if",
            .object([
              ("not", property("policy", .object([("pattern", .text(#"\$"#))]), isRequired: true))
            ])
          ),
          (
            "then",
            object([
              ("not", requires(["hash_on"])),
              (
                "properties",
                .object([("bounded_load", .object([("const", .text("off"))]))])
              ),
            ])
          ),
        ])
      ),
    ])
  ]

  /// So many fields at most, and none that holds credentials, whatever the case.
  private static func loggedFields(_ key: String) -> JSONValue {
    let secrets = ConfigurationReader.secretFields.sorted().map { name in
      name.map { $0.isLetter ? "[\($0)\($0.uppercased())]" : "\($0)" }.joined()
    }
    let pattern = JSONValue.text("^(\(secrets.joined(separator: "|")))$")
    return property(
      key,
      .object([
        ("maxItems", .number(ConfigurationReader.loggedFieldsMax)),
        ("not", .object([("type", .text("string")), ("pattern", pattern)])),
        ("items", .object([("not", .object([("pattern", pattern)]))])),
      ]))
  }

  /// A breaker whose conditions are all off never opens.
  private static func neverOpens(_ keys: [Schema.Key]) -> JSONValue {
    let conditions = ["failure_rate", "slow_call", "consecutive_failures"].map { name in
      let isOffByItself = keys.first { $0.name == name }?.fallback ?? "off" == "off"
      return property(
        name, .object([("const", .text("off"))]), isRequired: !isOffByItself)
    }
    return .object([("not", .object([("allOf", .list(conditions))]))])
  }

  // MARK: Words

  private static func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(members) }

  private static func requires(_ keys: [String]) -> JSONValue {
    .object([("required", .list(keys.map { .text($0) }))])
  }

  private static func absent(_ key: String) -> JSONValue { .object([("not", requires([key]))]) }

  private static func anyOf(_ keys: [String]) -> JSONValue {
    .object([("anyOf", .list(keys.map { requires([$0]) }))])
  }

  private static func exactlyOne(_ keys: [String]) -> JSONValue {
    .object([("oneOf", .list(keys.map { requires([$0]) }))])
  }

  private static func atMostOne(_ keys: [String]) -> JSONValue {
    let pairs = keys.indices.flatMap { first in
      keys[(first + 1)...].map { requires([keys[first], $0]) }
    }
    return .object([("not", .object([("anyOf", .list(pairs))]))])
  }

  /// Where `key` stands, `rule` holds too.
  private static func whereGiven(_ key: String, _ rule: JSONValue) -> JSONValue {
    .object([("if", requires([key])), ("then", rule)])
  }

  /// The value of `key` fits `schema`; `isRequired`: and it is there.
  private static func property(
    _ key: String, _ schema: JSONValue, isRequired: Bool = false
  ) -> JSONValue {
    var members: [(String, JSONValue)] = [("properties", .object([(key, schema)]))]
    if isRequired { members.append(("required", .list([.text(key)]))) }
    return .object(members)
  }

  private static func orVariable(_ schema: JSONValue) -> JSONValue {
    .object([("anyOf", .list([schema, .object([("$ref", .text("#/$defs/variable"))])]))])
  }
}
