import Primitives
import ProxyConfiguration
import Resilience

/// Makes a plan of a scenario: names become indices, durations nanoseconds.
struct PlanBuilder {
  private let scenario: Scenario
  private let policies: ScenarioPolicies
  private let seed: UInt64
  private let zones: [String]
  private var replicas: [Replica] = []
  private var firstReplicas: [Int] = []
  private var edges: [Edge] = []
  private var linkZones: [Int] = []

  /// `until`: where the run ends, if before the scenario's own end.
  static func plan(
    _ scenario: Scenario, policies: ScenarioPolicies, seed: UInt64, until: Duration?
  ) -> Plan {
    var builder = PlanBuilder(scenario: scenario, policies: policies, seed: seed)
    return builder.build(end: min(until ?? scenario.duration, scenario.duration))
  }

  private init(scenario: Scenario, policies: ScenarioPolicies, seed: UInt64) {
    self.scenario = scenario
    self.policies = policies
    self.seed = seed
    let all = scenario.services.flatMap(\.zones) + scenario.clients.flatMap(\.zones)
    zones = Set(all).sorted()
  }

  private mutating func build(end: Duration) -> Plan {
    for (index, service) in scenario.services.enumerated() {
      firstReplicas.append(replicas.count)
      for number in 0..<service.replicas {
        replicas.append(Replica(service: index, zone: zone(service.zones, number)))
      }
    }
    let clients = scenario.clients.enumerated().map { client($1, $0) }
    let services = scenario.services.indices.map { service($0) }
    addFallbacks()
    let sample = scenario.sample.nanosecondsClamped
    let changes = ChangeList(scenario: scenario, replicas: replicas, zones: zones).changes
    return Plan(
      seed: seed, end: max(end.nanosecondsClamped / sample, 1) * sample, sample: sample,
      delayWithin: scenario.delayWithin.nanosecondsClamped,
      delayAcross: scenario.delayAcross.nanosecondsClamped, clients: clients, services: services,
      replicas: replicas, edges: edges, linkZones: linkZones, changes: changes,
      shedsByPriority: Set(scenario.clients.map(\.priority)).count > 1)
  }

  private func zone(_ names: [String], _ number: Int) -> Int {
    names.isEmpty ? -1 : zones.firstIndex(of: names[number % names.count]) ?? -1
  }

  private func index(of service: String) -> Int {
    scenario.services.firstIndex { $0.name == service } ?? 0
  }

  // MARK: Clients and services

  private mutating func client(_ clients: ScenarioClients, _ number: Int) -> ClientClass {
    let callers = (0..<clients.sidecars).map { zone(clients.zones, $0) }
    var points = clients.load.map {
      ArrivalCurve.Point(
        time: Double($0.at.nanosecondsClamped), rate: Double($0.rate) / 1_000_000_000)
    }
    if let first = points.first, first.time > 0 {
      points.insert(ArrivalCurve.Point(time: 0, rate: first.rate), at: 0)
    }
    return ClientClass(
      name: clients.name,
      edge: edge(from: clients.via, callers, to: clients.calls),
      sidecars: clients.sidecars,
      priority: clients.priority.rawValue,
      isIdempotent: clients.isIdempotent,
      patience: clients.patience?.nanosecondsClamped ?? .max,
      arrivals: ArrivalCurve(points),
      random: RandomSource(seed: Plan.seed(seed, stream: 0x1_0000_0000 + UInt64(number))))
  }

  private mutating func service(_ number: Int) -> ServiceModel {
    let service = scenario.services[number]
    let first = firstReplicas[number]
    let callers =
      scenario.sidecars == .shared
      ? [-1] : (0..<service.replicas).map { replicas[first + $0].zone }
    let steps = service.calls.map { step in
      step.map { call in
        ServiceModel.Call(
          edge: edge(from: service.name, callers, to: call.service),
          share: call.share.fraction, clients: mask(call.clients), isOptional: call.isOptional,
          isIdempotent: call.isIdempotent)
      }
    }
    return ServiceModel(
      name: service.name, firstReplica: first, replicaCount: service.replicas,
      concurrency: service.concurrency, queueMax: service.queueMax,
      time: Distribution(service.time), errors: service.errors.fraction,
      cancels: service.cancels, isBlocking: service.isBlocking, steps: steps,
      random: RandomSource(seed: Plan.seed(seed, stream: 0x2_0000_0000 + UInt64(number))))
  }

  private func mask(_ clients: [String]) -> UInt64 {
    if clients.isEmpty { return .max }
    let numbers = scenario.clients.indices.filter { clients.contains(scenario.clients[$0].name) }
    return numbers.reduce(0) { $0 | 1 << UInt64($1 & 63) }
  }

  /// Edges to the upstreams of fallbacks, which may be there or not.
  private mutating func addFallbacks() {
    // Those that are added have fallbacks too, which no request uses: it falls once.
    for number in edges.indices {
      let known = edges[number]
      let name = scenario.services[known.target].name
      let route = policies.route(from: known.caller, to: name, known.target)
      guard case .upstream(let other)? = route.fallback else { continue }
      let callers = Array(linkZones[known.firstLink..<known.firstLink + known.linkCount])
      edges[number].policy.fallback = .edge(edge(from: known.caller, callers, to: other))
    }
  }

  /// One for each caller and service. `callers`: the zones of its sidecars.
  private mutating func edge(from caller: String, _ callers: [Int], to service: String) -> Int {
    let target = index(of: service)
    if let known = edges.firstIndex(where: { $0.caller == caller && $0.target == target }) {
      return known
    }
    edges.append(
      Edge(
        caller: caller, target: target, firstLink: linkZones.count, linkCount: callers.count,
        policy: EdgePolicy(
          route: policies.route(from: caller, to: service, target),
          upstream: policies.upstreams[target])))
    linkZones += callers
    return edges.count - 1
  }
}

extension ScenarioPolicies {
  /// The caller's own route, else everybody's, else the defaults.
  fileprivate func route(from caller: String, to service: String, _ index: Int)
    -> RouteConfiguration
  {
    let there = routes.filter { $0.route.upstreams == [service] }
    return (there.first { $0.from == caller } ?? there.first { $0.from == nil })?.route
      ?? defaults[index]
  }
}

extension Distribution {
  fileprivate init(_ time: ScenarioService.Time) {
    func nanoseconds(_ duration: Duration) -> Double { Double(duration.nanosecondsClamped) }
    switch time {
    case .constant(let value): self = .constant(nanoseconds(value))
    case .exponential(let mean): self = .exponential(mean: nanoseconds(mean))
    case .lognormal(let median, let p99):
      self = .lognormal(median: nanoseconds(median), p99: nanoseconds(p99))
    case .pareto(let minimum, let p99, let maximum):
      self = .pareto(
        minimum: nanoseconds(minimum), p99: nanoseconds(p99), maximum: nanoseconds(maximum))
    }
  }
}
