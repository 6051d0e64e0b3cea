import Primitives
import ProxyConfiguration
import Testing

@testable import Simulation

/// What faults do to one service of constant work.
struct FaultTests {
  private static func run(
    _ fault: String, service: String = "", policies: String = "", seconds: Int = 20
  ) throws -> SimulationRun {
    SimulationRun(
      try ScenarioFile.read(
        """
        duration: \(seconds)s
        network: { within_zone: 1ms }
        clients: [{ name: c, calls: s, load: [{ at: 0s, rate: 100 }] }]
        services: { s: { replicas: 2, concurrency: 20, time: 10ms\(service) } }
        faults: [\(fault)]
        policies:
          routes: [{ upstream: s, timeout: 5s\(policies) }]
          upstreams: { s: { timeouts: { connect: 1s } } }
        """), seed: 1)
  }

  @Test func networkAndWorkAddUp() throws {
    let run = try Self.run("")
    #expect(abs(run.total.whole.mean - 12_000_000) < 1000 && run.total.counts.failed == 0)
  }

  @Test func aKilledReplicaRefuses() throws {
    let run = try Self.run(
      "{ kind: slow, times: 20, at: 0s }, { kind: kill, at: 5s, for: 5s, share: 50% }")
    #expect(abs(run.goodShare(from: 5, to: 10) - 0.5) < 0.05)
    #expect(run.goodShare(from: 11, to: 20) > 0.98)
    #expect(run.failures("connect_refused") > 200)
    // Those that it was working on: about 50 a second for 200 ms.
    #expect((3...20).contains(run.failures("upstream_reset")))
  }

  /// Work stands still and goes on; nothing is lost.
  @Test func aPausedReplicaGoesOn() throws {
    let run = try Self.run("{ kind: pause, at: 5s, for: 2s }")
    #expect(run.total.counts.failed == 0)
    #expect(run.total.samples[5].counts.good == 0)
    let slowest = Double(run.total.whole.percentile(0.9999)) / 1_000_000_000
    #expect(slowest > 1.9 && slowest < 2.4)
  }

  @Test func aReplicaThatIsCutOffIsSilent() throws {
    let run = try Self.run("{ kind: drop, at: 5s, for: 5s }")
    #expect(run.goodShare(from: 6, to: 9) == 0)
    #expect(run.failures("connect_timeout") > 300)
  }

  @Test func sharesFailOrReset() throws {
    let run = try Self.run(
      "{ kind: errors, rate: 20%, at: 0s }, { kind: resets, rate: 10%, at: 0s }", seconds: 60)
    let offered = Double(run.total.counts.offered)
    #expect(abs(Double(run.failures("status_500")) / offered - 0.2) < 0.02)
    #expect(abs(Double(run.failures("upstream_reset")) / offered - 0.1) < 0.02)
  }

  @Test func slownessEnds() throws {
    let run = try Self.run("{ kind: slow, times: 5, at: 5s, for: 5s }")
    #expect(abs(run.total.samples[7].p50 - 52_000_000) < 2_000_000)
    #expect(abs(run.total.samples[12].p50 - 12_000_000) < 1_000_000)
  }

  /// Who gave up is worked for all the same, unless the service notices.
  @Test(arguments: [true, false]) func workForNobody(cancels: Bool) throws {
    let run = try Self.run(
      "{ kind: slow, times: 100, at: 5s, for: 1s }",
      service: ", queue: 10000, cancels: \(cancels)",
      policies: ", retry: { attempts: 2, on: [per-try-timeout], per_try_timeout: 50ms }")
    let busy = run.services[0].samples[5].state.busy
    #expect(cancels ? busy < 0.5 : busy == 1, "\(busy)")
  }

  @Test func aPostIsSentOnce() throws {
    let post = """
      duration: 20s
      clients: [{ name: c, calls: s, idempotent: false, load: [{ at: 0s, rate: 100 }] }]
      services: { s: { replicas: 4, time: 10ms } }
      faults: [{ kind: resets, rate: 50%, at: 5s }, { kind: kill, at: 10s, share: 50% }]
      policies:
        routes: [{ upstream: s, retry: { attempts: 3, on: [reset, connect-failure] OPTION } }]
      """
    let safe = SimulationRun(
      try ScenarioFile.read(post.replacing("OPTION", with: "")), seed: 1)
    #expect(safe.services[0].counts.repeats == 0 && safe.services[0].counts.retries > 100)
    let unsafe = SimulationRun(
      try ScenarioFile.read(post.replacing("OPTION", with: ", non_idempotent: true")), seed: 1)
    #expect(unsafe.services[0].counts.repeats > 100)
  }
}
