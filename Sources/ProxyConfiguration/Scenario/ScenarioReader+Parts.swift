import Primitives
import Resilience

/// Clients, services and faults.
extension ScenarioReader {
  mutating func clients(_ top: Section) -> [ScenarioClients] {
    var result: [ScenarioClients] = []
    for item in top.list("clients") {
      guard case .section(let section) = item.value, let name = section.text("name"),
        let calls = section.text("calls"), exists(calls, section.mark("calls"))
      else { continue }
      let classes = ScenarioClients(
        name: name, calls: calls, sidecars: section.integer("sidecars") ?? 1,
        via: section.text("via") ?? name, zones: section.texts("zones"),
        priority: section.text("priority").flatMap { RequestPriority(name: $0) } ?? .normal,
        isIdempotent: section.boolean("idempotent"), patience: section.duration("patience"),
        load: load(section))
      if let same = result.first(where: { $0.via == classes.via }) {
        checker.hold(
          same.calls == calls && same.sidecars == classes.sidecars, section, "via",
          "\(name) and \(same.name) share their sidecars, so both must call one service and have as many of them"
        )
      }
      checker.hold(
        !result.contains { $0.name == name } && !services.contains(name), section, "name",
        "another class or service is named \(name); rename one")
      result.append(classes)
    }
    return result
  }

  private mutating func load(_ section: Section) -> [ScenarioClients.Load] {
    var result: [ScenarioClients.Load] = []
    for item in section.list("load") {
      guard case .section(let point) = item.value, let at = point.duration("at"),
        let rate = point.integer("rate")
      else { continue }
      if let last = result.last, last.at >= at {
        checker.report(point.mark("at"), "points of load must come one after the other")
        continue
      }
      result.append(.init(at: at, rate: rate))
    }
    return result
  }

  // MARK: Services

  mutating func service(_ name: String, _ section: Section, _ zones: [String]) -> ScenarioService? {
    let calls = section.list("calls").map { step($0) }
    guard let time = time(section) else { return nil }
    return ScenarioService(
      name: name, replicas: section.integer("replicas") ?? 1,
      zones: section.has("zones") ? section.texts("zones") : zones,
      concurrency: section.integer("concurrency") ?? 1, queueMax: section.integer("queue") ?? 0,
      time: time, errors: section.share("errors") ?? .zero, cancels: section.boolean("cancels"),
      isBlocking: section.boolean("blocking"), calls: calls.filter { !$0.isEmpty })
  }

  private mutating func time(_ service: Section) -> ScenarioService.Time? {
    if let time = service.duration("time") { return .constant(time) }
    guard service.has("time") else { return nil }
    let section = service.section("time")
    let given = ["exponential", "lognormal", "pareto"].filter(section.has)
    guard given.count == 1 else {
      checker.report(section.mark, "time needs one of exponential, lognormal and pareto")
      return nil
    }
    if let mean = section.duration("exponential") { return .exponential(mean: mean) }
    let inner = section.section(given[0])
    let p99 = inner.duration("p99") ?? .zero
    let least = inner.duration(given[0] == "lognormal" ? "median" : "minimum") ?? .zero
    checker.hold(
      p99 > least, inner, "p99", "p99 must be longer than \(Scalars.text(least))")
    guard given[0] == "pareto" else { return .lognormal(median: least, p99: p99) }
    let most = inner.duration("maximum") ?? .zero
    checker.hold(most > p99, inner, "p99", "p99 must be shorter than maximum")
    return .pareto(minimum: least, p99: p99, maximum: most)
  }

  private mutating func step(_ item: Section.Located) -> [ScenarioService.Call] {
    guard case .section(let section) = item.value, section.has("parallel") else {
      return call(item).map { [$0] } ?? []
    }
    checker.hold(
      !section.has("service"), section, "service", "a step has service or parallel, not both")
    return section.list("parallel").compactMap { call($0) }
  }

  private mutating func call(_ item: Section.Located) -> ScenarioService.Call? {
    switch item.value {
    case .text(let name):
      return exists(name, item.mark)
        ? .init(service: name, share: .all, clients: [], isOptional: false, isIdempotent: true)
        : nil
    case .section(let section):
      guard let name = section.text("service") else {
        checker.report(section.mark, "a call needs the key service")
        return nil
      }
      guard exists(name, section.mark("service")) else { return nil }
      let clients = section.texts("clients")
      for name in clients {
        checker.hold(
          classes.contains(name), section, "clients", "no class of clients is named \(name)")
      }
      return .init(
        service: name, share: section.share("share") ?? .all, clients: clients,
        isOptional: section.boolean("optional"), isIdempotent: section.boolean("idempotent"))
    default: return nil
    }
  }

  // MARK: Faults

  mutating func faults(_ top: Section, _ scenario: Scenario) -> [ScenarioFault] {
    var result: [ScenarioFault] = []
    let zones = Set(scenario.services.flatMap(\.zones))
    for item in top.list("faults") {
      guard case .section(let section) = item.value, let at = section.duration("at") else {
        continue
      }
      let service = section.text("service")
      if let service, !exists(service, section.mark("service")) { continue }
      if let zone = section.text("zone") {
        checker.hold(zones.contains(zone), section, "zone", "no replica stands in zone \(zone)")
      }
      checker.hold(
        !top.has("duration") || at < scenario.duration, section, "at",
        "the run has ended by then; see duration")
      result.append(
        ScenarioFault(
          kind: kind(section), at: at, lasts: section.duration("for"), service: service,
          zone: section.text("zone"), share: section.share("share") ?? .all))
    }
    return result
  }

  private func kind(_ section: Section) -> ScenarioFault.Kind {
    switch section.text("kind") ?? "" {
    case "pause": .pause
    case "drop": .drop
    case "slow": .slow(times: section.integer("times") ?? 1)
    case "errors": .errors(section.share("rate") ?? .all)
    case "resets": .resets(section.share("rate") ?? .all)
    case "rolling_update":
      .rollingUpdate(
        every: section.duration("every") ?? .zero, drain: section.duration("drain") ?? .zero,
        down: section.duration("down") ?? .zero)
    default: .kill
    }
  }
}
