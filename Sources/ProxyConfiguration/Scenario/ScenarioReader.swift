import Primitives

/// Turns a scenario's text into a `Scenario`, or into all its faults.
package struct ScenarioReader {
  var checker: SchemaChecker
  var services: [String] = []
  /// The names of client classes.
  var classes: [String] = []

  /// `environment`: looks a variable up.
  package static func read(
    _ text: [UInt8], file: String, environment: @escaping (String) -> String? = { _ in nil }
  ) throws(ConfigurationFaults) -> Scenario {
    try read(text, file, Schema.scenario, environment) { $0.scenario($1, file) }
  }

  /// The policies of another scenario, or of a file that holds nothing else, for the services of
  /// `scenario`.
  package static func readPolicies(
    _ text: [UInt8], file: String, of scenario: Scenario,
    environment: @escaping (String) -> String? = { _ in nil }
  ) throws(ConfigurationFaults) -> ScenarioPolicies {
    let keys = Schema.scenario.map { key in
      var key = key
      key.isRequired = key.name == "policies"
      return key
    }
    return try read(text, file, keys, environment) { reader, top in
      reader.services = scenario.services.map(\.name)
      return reader.policies(top, callers: scenario.callers)
    }
  }

  private static func read<Result>(
    _ text: [UInt8], _ file: String, _ keys: [Schema.Key],
    _ environment: @escaping (String) -> String?,
    _ body: (inout ScenarioReader, Section) -> Result?
  ) throws(ConfigurationFaults) -> Result {
    var reader = ScenarioReader(checker: SchemaChecker(file: file, lookUp: environment))
    let root: YAMLNode
    do throws(YAMLReader.Fault) {
      let document = try YAMLReader.read(text)
      root = document.root
      for fault in document.repetitions { reader.checker.report(fault.mark, fault.message) }
    } catch {
      throw ConfigurationFaults(faults: [
        ConfigurationFault(
          file: file, line: error.mark.line, column: error.mark.column, message: error.message)
      ])
    }
    var result: Result?
    if root.keys.contains("listeners") {
      reader.checker.report(
        root.mark, "this is a configuration of the proxy, not a scenario; check it with weir check")
    } else if case .mapping = root.content,
      case .section(let top)? = reader.checker.check(root, .object(keys), "")?.value
    {
      result = body(&reader, top)
    } else {
      reader.checker.report(root.mark, "the file must be a mapping, this is \(root.kindName)")
    }
    guard !reader.checker.hasFaults, let result else {
      throw ConfigurationFaults(faults: reader.checker.told)
    }
    return result
  }

  private mutating func scenario(_ top: Section, _ file: String) -> Scenario? {
    services = top.map("services").map(\.name)
    let network = top.section("network")
    var result = Scenario(
      name: top.text("name") ?? file, about: top.text("about") ?? "",
      seed: top.integer("seed") ?? 1, duration: top.duration("duration") ?? .zero,
      sample: top.duration("sample") ?? .zero,
      delayWithin: network.duration("within_zone") ?? .zero,
      delayAcross: network.duration("across_zones") ?? .zero,
      sidecars: top.text("sidecars").flatMap { Scenario.Sidecars(rawValue: $0) } ?? .perReplica,
      clients: [], services: [], faults: [],
      policies: ScenarioPolicies(routes: [], upstreams: [], defaults: []))
    // A duration that is wrong or missing has been told; what follows from it is no other fault.
    checker.hold(
      !top.has("duration") || result.sample <= result.duration, top, "sample",
      "sample is longer than the run's duration")
    let zones = top.texts("zones")
    result.clients = clients(top)
    classes = result.clients.map(\.name)
    for entry in top.map("services") {
      guard case .section(let section) = entry.value.value else { continue }
      if let service = service(entry.name, section, zones) { result.services.append(service) }
    }
    findCircle(result.services, top)
    result.faults = faults(top, result)
    result.policies = policies(top, callers: result.callers)
    return result
  }

  /// Reports a service that is none.
  mutating func exists(_ name: String, _ mark: YAMLNode.Mark) -> Bool {
    if services.contains(name) { return true }
    let nearest = SchemaChecker.nearest(to: name, services)
    checker.report(
      mark, "there is no service \(name)\(nearest.map { "; did you mean \($0)?" } ?? "")")
    return false
  }

  /// A call that comes back to its caller never ends.
  private mutating func findCircle(_ services: [ScenarioService], _ top: Section) {
    var left = services.map { ($0.name, Set($0.calls.flatMap { $0 }.map(\.service))) }
    while let leaf = left.firstIndex(where: { $0.1.isEmpty }) {
      let name = left.remove(at: leaf).0
      for index in left.indices { left[index].1.remove(name) }
    }
    // A call to a service that is not there was reported already.
    let known = Set(services.map(\.name))
    guard let first = left.first, left.allSatisfy({ $0.1.isSubset(of: known) }) else { return }
    checker.report(
      top.mark("services"), "\(first.0) is in a circle of calls, or calls one; break it")
  }
}

extension Scenario {
  /// Who a route's `from` may name.
  var callers: [String] { services.map(\.name) + clients.map(\.via) }
}
