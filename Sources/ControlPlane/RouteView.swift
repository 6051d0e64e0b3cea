import ProxyConfiguration

/// A route on a line for a person, as `/config?format=text` shows it.
enum RouteView {
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
}
