import Primitives

/// Reads who may do what, and checks what the schema cannot.
enum AuthorizationReader {
  /// `pathFault`: what is wrong with a path that rules match by, if anything. Nil: there is no policy.
  static func read(
    _ holder: Section, _ pathFault: (RouteConfiguration.Path) -> String?,
    _ checker: inout SchemaChecker
  ) -> AuthorizationConfiguration? {
    guard holder.has("authorize") else { return nil }
    let section = holder.section("authorize")
    var rules: [AuthorizationConfiguration.Rule] = []
    for item in section.list("rules") {
      guard case .section(let rule) = item.value else { continue }
      rules.append(self.rule(rule, pathFault, &checker))
    }
    return AuthorizationConfiguration(
      allowsOthers: section.text("default") == "allow", mode: PolicyMode(section), rules: rules)
  }

  private static func rule(
    _ section: Section, _ pathFault: (RouteConfiguration.Path) -> String?,
    _ checker: inout SchemaChecker
  ) -> AuthorizationConfiguration.Rule {
    MatchChecker.checkMethods(section, &checker)
    // Nobody in a list must not come to mean anybody, as a key that is left out does.
    for (key, meaning) in [("from", "anybody"), ("method", "any method")] {
      checker.hold(
        !section.has(key) || !section.list(key).isEmpty, section, key,
        "\(key) is empty; give one, or leave it out to mean \(meaning)")
    }
    if section.has("path"), section.has("prefix") {
      checker.report(section.mark("path"), "the rule has path and prefix; keep one")
    }
    let key = section.has("path") ? "path" : "prefix"
    let path = section.text(key)
    if let path {
      let fault =
        path.hasPrefix("/")
        ? pathFault(key == "path" ? .exact(path) : .prefix(path))
        : "must be a path that begins with /, not \"\(path)\""
      if let fault { checker.report(section.mark(key), "\(key) \(fault)") }
    }
    return AuthorizationConfiguration.Rule(
      allows: section.text("action") == "allow",
      from: SPIFFEReader.patterns(section, "from", &checker), methods: section.texts("method"),
      path: path, isPrefix: key == "prefix")
  }
}
