import Primitives
import ProxyConfiguration
import Testing

@testable import Simulation

/// A seed fixes a run to the bit, and nothing is lost in one.
struct RepeatTests {
  private static let names = [
    "retry-storm", "retry-storm-budget", "ai-validation", "ai-validation-breaker", "zone-loss",
    "rolling-update", "simplest", "ndp-tenfold",
  ]

  @Test(arguments: 1...3) func equalSeedsGiveEqualBytes(seed: UInt64) throws {
    let scenario = try ScenarioFile.read(ChaosScenario(seed: seed).text)
    let one = SimulationReport([SimulationRun(scenario, seed: 7)])
    let same = SimulationReport([SimulationRun(scenario, seed: 7)])
    let other = SimulationReport([SimulationRun(scenario, seed: 8)])
    #expect(one.json == same.json && one.text == same.text && one.svg == same.svg)
    #expect(one.json != other.json)
  }

  /// Policies change nothing about what comes.
  @Test func comparedPoliciesSeeTheSameArrivals() throws {
    let scenario = try ScenarioFile.scenario("retry-storm")
    let other = try ScenarioFile.policies("retry-storm-budget", of: scenario)
    let one = SimulationRun(scenario, seed: 3, until: .seconds(44))
    let two = SimulationRun(scenario, policies: other, seed: 3, until: .seconds(44))
    #expect(one.total.samples.map(\.counts.offered) == two.total.samples.map(\.counts.offered))
    #expect(
      one.service("dispense-service")?.counts.attempts
        != two.service("dispense-service")?.counts.attempts)
  }

  @Test(arguments: names) func nothingIsLost(name: String) throws {
    let isLarge = name == "simplest" || name == "ndp-tenfold"
    let run = SimulationRun(
      try ScenarioFile.scenario(name), seed: 2,
      until: isLarge ? .milliseconds(250) : .seconds(6))
    #expect(run.total.counts.offered > 0)
    Conservation.check(run, "\(name)")
  }

  /// Any machine, any fault, all at once; the failing seed is printed.
  @Test(arguments: 1...40) func nothingIsLostInChaos(seed: UInt64) throws {
    let chaos = ChaosScenario(seed: seed)
    let run = SimulationRun(try ScenarioFile.read(chaos.text), seed: seed)
    Conservation.check(run, "seed \(seed)\n\(chaos.text)")
    #expect(run.total.counts.good > 0, "seed \(seed)")
    // Every exchange ends by its deadline.
    #expect(run.inFlight == 0, "seed \(seed)")
    // Rule 6 of ARCHITECTURE.md.
    #expect(run.services.allSatisfy { $0.counts.repeats == 0 }, "seed \(seed)")
  }
}
