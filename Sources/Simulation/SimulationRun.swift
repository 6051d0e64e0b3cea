import Primitives
import ProxyConfiguration

/// One run of a scenario under one set of policies.
package struct SimulationRun: Sendable {
  package let label: String
  package let seed: UInt64
  package let scenario: Scenario
  /// Nanoseconds of a sample.
  let sample: Int64
  /// All client classes together.
  let total: Series
  let clients: [Series]
  let services: [Series]
  /// Exchanges that were under way when the run ended.
  let inFlight: Int
  /// Events that were performed.
  package let events: Int

  /// `label`: what the policies are called; `until`: an earlier end; `progress`: told after each sample.
  package init(
    _ scenario: Scenario, policies: ScenarioPolicies? = nil, label: String = "", seed: UInt64,
    until: Duration? = nil, progress: ((_ sample: Int64, _ samples: Int64) -> Void)? = nil
  ) {
    let plan = PlanBuilder.plan(
      scenario, policies: policies ?? scenario.policies, seed: seed, until: until)
    var simulator = Simulator(plan: plan)
    simulator.run(progress)
    self.label = label
    self.seed = seed
    self.scenario = scenario
    sample = plan.sample
    total = simulator.total
    clients = Array(simulator.series.prefix(plan.clients.count))
    services = Array(simulator.series.dropFirst(plan.clients.count))
    events = simulator.events
    inFlight = simulator.exchanges.inUse
  }

  /// Requests to all services, those of services among them.
  package var requests: Int { services.reduce(0) { $0 + $1.counts.offered } }
  /// How much virtual time it took.
  package var seconds: Double {
    Double(total.samples.count) * Double(sample) / 1_000_000_000
  }
}
