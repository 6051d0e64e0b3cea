import Primitives

/// Listeners: routes that nothing reaches, and routes whose names are their places.
extension PolicyCritic {
  mutating func judge(
    _ routes: [RouteConfiguration], _ sections: [Section], of listener: String
  ) {
    judgeReach(routes, sections)
    judgeNames(routes, sections, of: listener)
  }

  /// The first route that matches is taken: one behind another that takes all it could is dead.
  private mutating func judgeReach(_ routes: [RouteConfiguration], _ sections: [Section]) {
    var first: [RouteConfiguration.Match: String] = [:]
    // Routes that ask for nothing but a path.
    var prefixes: [String: String] = [:]
    var paths: [String: String] = [:]
    for (route, section) in zip(routes, sections) {
      let match = route.match
      if let above = first[match] ?? covering(route, prefixes, paths) {
        warn(
          section, "match",
          "nothing reaches this route: \(above) stands above it and takes every request that it "
            + "could; put this one first, or remove it")
        continue
      }
      first[match] = Self.title(route)
      guard match.methods.isEmpty, match.hosts.isEmpty, match.headers.isEmpty else { continue }
      switch route.path {
      case .prefix(let text): prefixes[text] = Self.title(route)
      case .exact(let text): paths[text] = Self.title(route)
      case .regex: break
      }
    }
  }

  private static func title(_ route: RouteConfiguration) -> String {
    route.isNamed ? "the route \(route.name)" : "the route at position \(route.name)"
  }

  /// A route above that asks for a beginning of the path only. Cost: the path's segments.
  private func covering(
    _ route: RouteConfiguration, _ prefixes: [String: String], _ paths: [String: String]
  ) -> String? {
    let path: String
    switch route.path {
    case .exact(let text):
      if let above = paths[text] { return above }
      path = text
    case .prefix(let text): path = text
    case .regex: return prefixes["/"]
    }
    if let above = prefixes[path] { return above }
    // A prefix ends where a segment does: before a slash, or behind one.
    for slash in path.indices where path[slash] == "/" {
      if let above = prefixes[String(path[..<slash])] ?? prefixes[String(path[...slash])] {
        return above
      }
    }
    return nil
  }

  /// One warning a listener. A single route without state is not worth a name.
  private mutating func judgeNames(
    _ routes: [RouteConfiguration], _ sections: [Section], of listener: String
  ) {
    guard routes.count > 1 else { return }
    let unnamed = zip(routes, sections).filter { !$0.0.isNamed }
    guard let section = unnamed.first?.1 else { return }
    let places = unnamed.prefix(3).map(\.0.name).joined(separator: ", ")
    let rest = unnamed.count > 3 ? " and \(unnamed.count - 3) more" : ""
    warn(
      at: section.mark,
      "routes of \(listener) have no name (\(places)\(rest)): their route label in metrics and logs "
        + "is their position, which another route above them changes; give each a name")
  }
}
