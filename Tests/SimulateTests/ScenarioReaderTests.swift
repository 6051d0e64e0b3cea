import Primitives
import ProxyConfiguration
import Testing

@testable import Simulation

/// What a scenario may say, and what one that is wrong is told.
struct ScenarioReaderTests {
  private static let good = """
    duration: 10s
    clients: [{ name: c, calls: a, load: [{ at: 0s, rate: 1 }] }]
    services:
      a: { time: 1ms, calls: [b, { parallel: [{ service: b, share: 50% }, b] }] }
      b: { time: { pareto: { minimum: 1ms, p99: 5ms } } }
    """

  @Test func everythingIsRead() throws {
    let scenario = try ScenarioFile.read(Self.good)
    #expect(scenario.services[0].calls.map(\.count) == [1, 2])
    #expect(scenario.services[0].calls[1][0].share == .percent(50))
    #expect(
      scenario.services[1].time
        == .pareto(minimum: .milliseconds(1), p99: .milliseconds(5), maximum: .seconds(60)))
    #expect(scenario.clients[0].via == "c" && scenario.clients[0].isIdempotent)
    #expect(scenario.delayWithin == .microseconds(250) && scenario.seed == 1)
    // Policies that were left out are those of weir.yaml.
    #expect(scenario.policies.defaults[0].timeout == .seconds(15))
    #expect(scenario.policies.upstreams[0].retryBudget.ratio == .percent(20))
  }

  @Test(arguments: [
    (
      "duration: 10s", "duration: 10s\nsampel: 1s",
      "unknown key sampel at the top; did you mean sample?"
    ),
    (
      "duration: 10s", "duration: 10\nfaults: [{ kind: kill, at: 1s }]",
      "duration must be a duration such as 250ms, 5s or 1m, from 1s to 24h, not \"10\"; "
        + "add the unit: 10s"
    ),
    ("calls: a,", "calls: q,", "there is no service q; did you mean a?"),
    (
      "time: 1ms,", "time: { exponential: 1ms, lognormal: { median: 1ms, p99: 2ms } },",
      "time needs one of exponential, lognormal and pareto"
    ),
    ("p99: 5ms", "p99: 1ms", "p99 must be longer than 1ms"),
    (
      "{ pareto: { minimum: 1ms, p99: 5ms } }", "1ms, calls: [a]",
      "a is in a circle of calls, or calls one; break it"
    ),
    (
      "rate: 1 }]", "rate: 1 }, { at: 0s, rate: 2 }]",
      "points of load must come one after the other"
    ),
    (
      "duration: 10s", "duration: 10s\nfaults: [{ kind: kill, at: 10s }]",
      "the run has ended by then; see duration"
    ),
    (
      "duration: 10s", "duration: 10s\nfaults: [{ kind: kill, at: 1s, zone: z }]",
      "no replica stands in zone z"
    ),
    (
      "duration: 10s", "duration: 10s\npolicies: { upstreams: { x: {} } }",
      "there is no service x; did you mean a?"
    ),
    (
      "duration: 10s", "duration: 10s\npolicies: { routes: [{ upstream: a, from: q }] }",
      "no service and no clients are named q"
    ),
    (
      "duration: 10s", "duration: 10s\npolicies: { routes: [{ upstream: a }, { upstream: a }] }",
      "another route has the same from and upstream; put them together"
    ),
    ("duration: 10s", "duration: 10s\nsample: 20s", "sample is longer than the run's duration"),
    ("share: 50%", "share: 50%, clients: [x]", "no class of clients is named x"),
  ]) func mistakesAreNamed(part: String, wrong: String, message: String) {
    #expect(Self.good.contains(part))
    #expect(
      ScenarioFile.faults(Self.good.replacing(part, with: wrong, maxReplacements: 1))
        == [message])
  }

  /// A file to compare with may be a scenario, or hold policies alone.
  @Test func policiesAreReadAlone() throws {
    let scenario = try ScenarioFile.read(Self.good)
    let text = "policies: { upstreams: { b: { limits: { requests: 7 } } } }"
    let policies = try ScenarioReader.readPolicies(Array(text.utf8), file: "p", of: scenario)
    #expect(policies.upstreams.map(\.requestsMax) == [1024, 7])
  }

  /// The keys of the page are those that are read.
  @Test func thePageHasEveryKey() throws {
    let page = try ScenarioFile.page("docs/simulate.md")
    #expect(page.contains(ConfigurationReference.scenarioTable), "replace the table of keys")
  }
}
