import ProxyConfiguration

/// A route as `/config` shows it: in JSON as the file would have it, and on a line for a person.
enum RouteView {
  static func json(_ route: RouteConfiguration) -> JSONValue {
    // A position is no name: the route would be another one if it were read back with it.
    var members: [(String, JSONValue)] = route.isNamed ? [("name", text(route.name))] : []
    members += [("match", match(route)), action(route.action)]
    if let prefix = route.rewritePrefix {
      members.append(("rewrite", .object([("prefix", text(prefix))])))
    }
    members += [
      (
        "headers",
        .object([("request", edits(route.requestEdits)), ("response", edits(route.responseEdits))])
      ),
      ("timeout", ConfigurationView.duration(route.timeout)),
      ("total_timeout", ConfigurationView.duration(route.totalTimeout)),
    ]
    members += RoutePolicyView.members(route)
    return .object(members)
  }

  /// `prefix /fhir, method GET -> upstream prescriptions`.
  static func line(_ route: RouteConfiguration) -> String {
    var conditions = ["\(path(route.path).0) \(path(route.path).1)"]
    if !route.methods.isEmpty {
      conditions.append("method \(route.methods.joined(separator: "|"))")
    }
    if !route.hosts.isEmpty { conditions.append("host \(route.hosts.joined(separator: "|"))") }
    conditions += route.headers.map { "header \($0.name): \($0.value)" }
    let target =
      switch route.action {
      case .forward(let name): "upstream \(name)"
      case .split(let shares):
        "split " + shares.map { "\($0.upstream) \($0.weight)" }.joined(separator: ", ")
      case .redirect(_, _, _, let status): "redirect \(status)"
      case .respond(let status, _, _): "respond \(status)"
      }
    return "\(conditions.joined(separator: ", ")) -> \(target)"
  }

  private static func path(_ path: RouteConfiguration.Path) -> (String, String) {
    switch path {
    case .prefix(let text): ("prefix", text)
    case .exact(let text): ("path", text)
    case .regex(let text): ("regex", text)
    }
  }

  private static func match(_ route: RouteConfiguration) -> JSONValue {
    let (key, value) = path(route.path)
    var members: [(String, JSONValue)] = [(key, text(value))]
    if !route.methods.isEmpty { members.append(("method", texts(route.methods))) }
    if !route.hosts.isEmpty { members.append(("host", texts(route.hosts))) }
    if !route.headers.isEmpty {
      members.append(("headers", ConfigurationView.fields(route.headers)))
    }
    return .object(members)
  }

  private static func action(_ action: RouteConfiguration.Action) -> (String, JSONValue) {
    switch action {
    case .forward(let name): return ("upstream", text(name))
    case .split(let shares):
      let list = shares.map { share in
        JSONValue.object([("upstream", text(share.upstream)), ("weight", .number(share.weight))])
      }
      return ("split", .list(list))
    case .redirect(let scheme, let host, let path, let status):
      let given = [("scheme", scheme), ("host", host), ("path", path)]
        .compactMap { name, value in value.map { (name, text($0)) } }
      return ("redirect", .object(given + [("status", .number(status))]))
    case .respond(let status, let body, let contentType):
      return ("respond", respond(status, body, contentType))
    }
  }

  static func respond(_ status: Int, _ body: String, _ contentType: String) -> JSONValue {
    .object([
      ("status", .number(status)), ("body", text(body)), ("content_type", text(contentType)),
    ])
  }

  private static func edits(_ edits: RouteConfiguration.Edits) -> JSONValue {
    .object([
      ("set", ConfigurationView.fields(edits.set)), ("add", ConfigurationView.fields(edits.add)),
      ("remove", texts(edits.remove)),
    ])
  }

  private static func texts(_ list: [String]) -> JSONValue { .list(list.map(text)) }
  private static func text(_ value: String) -> JSONValue { ConfigurationView.text(value) }
}
