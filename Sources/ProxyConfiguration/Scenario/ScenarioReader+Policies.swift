import Primitives

/// Routes and upstreams, by the readers of `weir.yaml`.
extension ScenarioReader {
  mutating func policies(_ top: Section, callers: [String]) -> ScenarioPolicies {
    let policies = top.section("policies")
    var given: [String: Section] = [:]
    for entry in policies.map("upstreams") where exists(entry.name, entry.mark) {
      if case .section(let section) = entry.value.value { given[entry.name] = section }
    }
    let upstreams = services.map { name in
      var section = given[name] ?? Section(mark: policies.mark, keys: [])
      section.keys = Schema.upstream
      return UpstreamReader.read(name, section, &checker)
    }
    return ScenarioPolicies(
      routes: routes(policies, callers), upstreams: upstreams, defaults: defaults(policies))
  }

  private mutating func routes(
    _ policies: Section, _ callers: [String]
  ) -> [ScenarioPolicies.Route] {
    var result: [ScenarioPolicies.Route] = []
    for item in policies.list("routes") {
      guard case .section(var section) = item.value else { continue }
      let from = section.text("from")
      if let from {
        checker.hold(
          callers.contains(from), section, "from", "no service and no clients are named \(from)")
      }
      section.values["from"] = nil
      section.keys = Schema.route
      guard let route = read(section) else { continue }
      checker.hold(
        !result.contains { $0.from == from && $0.route.upstreams == route.upstreams }, section,
        "upstream", "another route has the same from and upstream; put them together")
      result.append(.init(from: from, route: route))
    }
    return result
  }

  private mutating func read(_ section: Section) -> RouteConfiguration? {
    var reader = RouteReader(upstreams: Set(services), pathFault: { _ in nil })
    let located = Section.Located(value: .section(section), mark: section.mark)
    return reader.read([located], of: "policies", &checker).first
  }

  private mutating func defaults(_ policies: Section) -> [RouteConfiguration] {
    services.compactMap { name in
      var section = Section(mark: policies.mark, keys: Schema.route)
      section.values["upstream"] = .init(value: .text(name), mark: policies.mark)
      return read(section)
    }
  }
}
