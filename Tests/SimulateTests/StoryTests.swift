import Primitives
import ProxyConfiguration
import Testing

@testable import Simulation

/// Each scenario that is shipped tells what its first lines say.
struct StoryTests {
  @Test func retriesWithoutABudgetKeepTheServiceDown() throws {
    let scenario = try ScenarioFile.scenario("retry-storm")
    let naive = SimulationRun(scenario, seed: 1, until: .seconds(120))
    #expect(naive.goodShare(from: 10, to: 40) > 0.99)
    // The slowness ended at 50 s.
    #expect(naive.goodShare(from: 60, to: 120) < 0.5)
    // Nothing else than that comes of it: what fails is not tried forever.
    #expect(
      naive.service("dispense-service").map { $0.counts.attempts < $0.counts.offered * 4 } == true)
    let bounded = SimulationRun(
      scenario, policies: try ScenarioFile.policies("retry-storm-budget", of: scenario), seed: 1,
      until: .seconds(120))
    #expect(bounded.goodShare(from: 10, to: 40) > 0.99)
    #expect(bounded.goodShare(from: 90, to: 120) > 0.95)
  }

  /// The two files differ in their budget alone.
  @Test func bothRetryStormsAreOneScenario() throws {
    var one = try ScenarioFile.scenario("retry-storm")
    var other = try ScenarioFile.scenario("retry-storm-budget")
    #expect(one.policies != other.policies)
    for key in [\Scenario.name, \Scenario.about] {
      one[keyPath: key] = ""
      other[keyPath: key] = ""
    }
    one.policies.upstreams[0].retryBudget = other.policies.upstreams[0].retryBudget
    #expect(one.policies.upstreams == other.policies.upstreams)
    #expect(one.services == other.services && one.clients == other.clients)
  }

  @Test func aBreakerKeepsASlowValidatorFromTakingThePlatformDown() throws {
    let scenario = try ScenarioFile.scenario("ai-validation")
    let naive = SimulationRun(scenario, seed: 1, until: .seconds(110))
    #expect(naive.goodShare(from: 10, to: 40) > 0.99)
    #expect(naive.goodShare(from: 60, to: 100) < 0.5)
    let guarded = SimulationRun(
      scenario, policies: try ScenarioFile.policies("ai-validation-breaker", of: scenario),
      seed: 1, until: .seconds(110))
    #expect(guarded.goodShare(from: 60, to: 100) > 0.95)
    let validator = try #require(guarded.service("ai-validation-service"))
    #expect(validator.counts.openings > 0 && validator.counts.fallbacks > 500)
    #expect(guarded.service("prescription-service")?.counts.repeats == 0)
  }

  @Test func aLostZoneIsHardlyNoticed() throws {
    let text = try ScenarioFile.text("zone-loss")
    let guarded = SimulationRun(
      try ScenarioFile.read(text), seed: 1, until: .seconds(100))
    #expect(guarded.goodShare(from: 60, to: 100) > 0.99)
    #expect((guarded.service("api-gateway")?.samples[80].state.away ?? 0) > 0.3)
    // The same without policies: what goes to the zone is lost.
    let plain = try #require(text.firstRange(of: "policies:"))
    let bare = SimulationRun(
      try ScenarioFile.read(String(text[..<plain.lowerBound])), seed: 1, until: .seconds(100))
    #expect(bare.goodShare(from: 60, to: 100) < 0.8)
  }

  @Test func aRollingUpdateLosesNothing() throws {
    let scenario = try ScenarioFile.scenario("rolling-update")
    let run = SimulationRun(scenario, seed: 1, until: .seconds(80))
    #expect(run.total.counts.failed == 0)
    // It did happen: one of eight was away.
    let away = run.service("medication-directory")?.samples.map(\.state.away).max() ?? 0
    #expect(away >= 0.125)
  }

  @Test func tenTimesNDPIsServed() throws {
    let scenario = try ScenarioFile.scenario("ndp-tenfold")
    #expect(scenario.services.count == 12)
    #expect(scenario.clients.reduce(0) { $0 + $1.load[0].rate } == 50_000)
    let run = SimulationRun(scenario, seed: 1, until: .milliseconds(250))
    #expect(run.total.counts.offered > 12_000)
    #expect(run.total.counts.failed * 1000 < run.total.counts.offered)
    // Each class goes its own way.
    #expect(run.service("reporting-service").map { $0.counts.offered < 1000 } == true)
    #expect(run.service("dispense-service")?.counts.repeats == 0)
  }

  @Test func theSimplestIsServed() throws {
    let run = SimulationRun(
      try ScenarioFile.scenario("simplest"), seed: 1, until: .milliseconds(250))
    #expect(run.total.counts.offered > 24_000 && run.total.counts.failed == 0)
    #expect(run.service("service")?.counts.attempts == run.total.counts.offered)
  }
}
