import Primitives
import Testing

@testable import Simulation

/// Replicas are queues of which theory knows the mean (Kleinrock, "Queueing Systems", 1975).
struct QueueingTests {
  /// Seconds that a request spends there, by the run.
  private static func mean(
    rate: Int, time: String, concurrency: Int, seconds: Int
  ) throws -> (mean: Double, run: SimulationRun) {
    let scenario = try ScenarioFile.read(
      """
      duration: \(seconds)s
      sample: 1m
      network: { within_zone: 0s }
      clients: [{ name: c, calls: s, load: [{ at: 0s, rate: \(rate) }] }]
      services: { s: { concurrency: \(concurrency), queue: 1000000, time: \(time) } }
      policies:
        routes: [{ upstream: s, timeout: off }]
        upstreams: { s: { limits: { connections: 1000000, requests: 1000000 } } }
      """)
    let run = SimulationRun(scenario, seed: 11)
    return (run.total.whole.mean / 1_000_000_000, run)
  }

  /// W = 1 / (μ − λ), and times are exponential too.
  @Test func oneServer() throws {
    let (mean, run) = try Self.mean(
      rate: 60, time: "{ exponential: 10ms }", concurrency: 1, seconds: 900)
    #expect(abs(mean / 0.025 - 1) < 0.06, "\(mean)")
    let median = Double(run.total.whole.percentile(0.5)) / 1_000_000_000
    #expect(abs(median / (0.025 * 0.693) - 1) < 0.08, "\(median)")
    #expect(run.total.counts.failed == 0)
  }

  /// Pollaczek and Khinchine: half of the wait, where work takes always as long.
  @Test func constantWork() throws {
    let (mean, _) = try Self.mean(rate: 60, time: "10ms", concurrency: 1, seconds: 900)
    #expect(abs(mean / 0.0175 - 1) < 0.03, "\(mean)")
  }

  /// Erlang's C, for four servers.
  @Test func severalServers() throws {
    let (mean, _) = try Self.mean(
      rate: 120, time: "{ exponential: 20ms }", concurrency: 4, seconds: 600)
    let load = 2.4
    var terms = [1.0]
    for number in 1...4 { terms.append(terms[number - 1] * load / Double(number)) }
    let all = terms[4] * 4 / (4 - load)
    let waits = all / (terms[0...3].reduce(0, +) + all)
    let expected = 0.02 + waits / (200 - 120)
    #expect(abs(mean / expected - 1) < 0.05, "\(mean), not \(expected)")
  }

  /// A queue that is full answers 503: Erlang's B, for a server without a queue.
  @Test func lostCalls() throws {
    let scenario = try ScenarioFile.read(
      """
      duration: 900s
      sample: 1m
      network: { within_zone: 0s }
      clients: [{ name: c, calls: s, load: [{ at: 0s, rate: 50 }] }]
      services: { s: { concurrency: 1, queue: 0, time: { exponential: 10ms } } }
      """)
    let counts = SimulationRun(scenario, seed: 5).total.counts
    let lost = Double(counts.failed) / Double(counts.offered)
    #expect(abs(lost - 0.5 / 1.5) < 0.012, "\(lost)")
  }
}
