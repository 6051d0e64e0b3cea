import DataPath
import Primitives
import Resilience
import Testing
import Upstreams
import WeirTesting

/// What policies promise in time, when one of three endpoints stands still or is slow: how many
/// requests are slow, and by how much. That real endpoints are told apart stands in `LoopbackTests`.
struct PromiseSimulationTests {
  private static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]

  /// A plan of one upstream of three endpoints.
  private func plan(
    _ route: RoutePolicy? = nil, breaker: CircuitBreakerPolicy? = nil,
    detector policy: OutlierPolicy? = nil, balancing: BalancingPolicy = .roundRobin
  ) -> MeshPlan {
    let addresses = TimedRun.addresses
    let detector = policy.map { OutlierDetector($0, seed: 1, now: SimulatedNetwork.start) }
    let state = UpstreamState(
      name: "service",
      limits: ResourceLimits(connectionsMax: 1024, pendingMax: 1024, requestsMax: 1024),
      detector: detector,
      endpoints: addresses.map {
        EndpointState(
          identity: "\($0)", breaker: breaker.map { CircuitBreaker($0, seed: 1) },
          membership: detector.map { OutlierMembership(in: $0) })
      })
    if let detector { state.availability.look(at: detector.nextChange) }
    let upstream = UpstreamPlan(
      name: "service", endpoints: addresses.map { .init(address: $0) }, state: state)
    upstream.balancing = BalancingSettings(policy: balancing)
    var plan = MeshPlan(upstreams: [upstream])
    plan.policy = route
    return plan
  }

  private static let retry = RoutePolicy(
    retry: RetryPolicy(
      attempts: 3, conditions: RetryConditions([.perTryTimeout]),
      perTryTimeout: .milliseconds(200),
      backoff: Backoff(base: .milliseconds(1), max: .milliseconds(5))))

  private static func late(_ time: Duration) -> CheckedEndpoint.Conduct? {
    TimedRun.answer("9001", after: .milliseconds(500))
  }

  /// One of three has a request each 30 ms, so in the 200 ms of an attempt six more follow each
  /// other; three timeouts open its breaker. So about ten are slow, by one attempt, and none of them
  /// fails; then its probes, three at a time, each time it has been open.
  @Test(arguments: seeds) func aPausedEndpointSlowsAFewByOneAttempt(seed: UInt64) throws {
    var breaker = CircuitBreakerPolicy()
    breaker.consecutiveFailures = 3
    breaker.openFor = .milliseconds(400)
    let paused = Duration.milliseconds(200) ..< .milliseconds(1200)
    let run = try TimedRun(seed: seed, count: 300, plan(Self.retry, breaker: breaker)) { time in
      paused.contains(time) ? .hangs : nil
    }
    try #require(run.answers.count == 300)
    #expect(run.answers.allSatisfy { $0.status == 200 })
    let slow = run.count(atLeast: .milliseconds(200))
    // Three that count, six behind them, and of the probes three at a time twice.
    #expect((3...3 + 7 + 6).contains(slow), "\(slow)")
    let longest = run.duration(atShare: 1, of: 0..<300)
    #expect(longest < .milliseconds(400), "\(longest)")
    #expect(run.answers[250...].contains { $0.endpoint == "9001" })
  }

  /// Without breaker or timeout: a second attempt after what half of all took, and 20 ms at least.
  @Test(arguments: seeds) func aHedgeOvertakesAPausedEndpoint(seed: UInt64) throws {
    let hedge = RoutePolicy(
      hedge: HedgePolicy(
        percentile: .percent(50), minimumDelay: .milliseconds(20), budget: .all, budgetMinimum: 1))
    let run = try TimedRun(seed: seed, count: 300, plan(hedge)) { time in
      time > .milliseconds(1500) ? .hangs : nil
    }
    try #require(run.answers.count == 300)
    #expect(run.answers.allSatisfy { $0.status == 200 })
    let most = run.duration(atShare: 0.9, of: 160..<300)
    #expect(most < .milliseconds(100), "\(most)")
    let longest = run.duration(atShare: 1, of: 160..<300)
    #expect(longest < .milliseconds(300), "\(longest)")
  }

  /// All stand still: nobody waits longer than who asked allowed.
  @Test(arguments: seeds) func aDeadlineOfTheClientHolds(seed: UInt64) throws {
    let run = try TimedRun(
      seed: seed, count: 30, plan(Self.retry),
      fields: "x-envoy-expected-rq-timeout-ms: 150\r\n", theOthers: .hangs
    ) { _ in .hangs }
    try #require(run.answers.count == 30)
    #expect(run.answers.allSatisfy { $0.status == 504 })
    let shortest = run.duration(atShare: 0, of: 0..<30)
    let longest = run.duration(atShare: 1, of: 0..<30)
    // The network's own delays are up to 50 ms each way.
    #expect(shortest >= .milliseconds(150) && longest < .milliseconds(260), "\(longest)")
  }

  /// The median of an interval of 300 ms is compared with the others': after its first answers and
  /// two intervals the slow one is ejected, and the 95th percentile is that of the others.
  @Test(arguments: seeds) func theTailRecoversFromALatencyOutlier(seed: UInt64) throws {
    var policy = OutlierPolicy()
    policy.interval = .milliseconds(300)
    policy.latency?.minimumCalls = 4
    let run = try TimedRun(
      seed: seed, count: 300, plan(detector: policy), conduct: Self.late)
    try #require(run.answers.count == 300)
    #expect(run.answers.allSatisfy { $0.status == 200 })
    #expect(run.duration(atShare: 0.95, of: 0..<60) >= .milliseconds(500))
    let behind = run.duration(atShare: 0.95, of: 120..<300)
    #expect(behind < .milliseconds(150), "\(behind)")
  }

  /// Four slow calls open the endpoint's breaker, and those behind them are all that is slow: 33 a
  /// second for the half of one that the first four take, and the 90 ms between those.
  @Test(arguments: seeds) func theTailRecoversByABreakerForSlowCalls(seed: UInt64) throws {
    var breaker = CircuitBreakerPolicy()
    breaker.slowCall = .milliseconds(200)
    breaker.slowCallRate = .percent(80)
    breaker.minimumCalls = 4
    breaker.openFor = .seconds(30)
    let run = try TimedRun(
      seed: seed, count: 300, plan(breaker: breaker), conduct: Self.late)
    try #require(run.answers.count == 300)
    #expect(run.answers.allSatisfy { $0.status == 200 })
    let slow = run.count(atLeast: .milliseconds(500))
    #expect((4...4 + 17 + 4).contains(slow), "\(slow)")
    let behind = run.duration(atShare: 0.95, of: 70..<300)
    #expect(behind < .milliseconds(150), "\(behind)")
  }

  /// `peak_ewma` asks the slow one seldom, without any other policy: a third would be its share.
  @Test(arguments: seeds) func peakEWMAAvoidsTheSlow(seed: UInt64) throws {
    let run = try TimedRun(
      seed: seed, count: 120, plan(balancing: .peakEwma), conduct: Self.late)
    try #require(run.answers.count == 120)
    #expect(run.answers.allSatisfy { $0.status == 200 })
    #expect(run.count(by: "9001") <= 12, "\(run.count(by: "9001"))")
  }
}
