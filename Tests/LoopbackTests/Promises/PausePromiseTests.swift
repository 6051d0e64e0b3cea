import Testing
import WeirTesting

/// An endpoint is paused under load (SIGSTOP): it takes connections and bytes, and does nothing.
@Suite(.serialized)
struct PausePromiseTests {
  /// Three timeouts open its breaker; who was with it then, one of each client at most, is slow by one
  /// attempt, and nobody fails; then its probes each time it has been open.
  @Test func anEndpointBreakerAndPerTryTimeoutsSlowAFewAndFailNone() throws {
    let promised = try PromisedProxy(
      try Fleet(3), route: [PromisedProxy.impatientRetry],
      upstream: [
        PromisedProxy.budget,
        "endpoint_circuit_breaker: { consecutive_failures: 3, open_for: 2s, half_open_calls: 1 }",
      ])
    let load = promised.load(150, perSecond: 100, LoadRequest.reading)
    #expect(load.waits(forFinished: 20))
    let paused = ContinuousClock.now
    try promised.fleet.endpoints[0].pause()
    #expect(load.waits(forFinished: 120))
    try promised.fleet.endpoints[0].resume()
    let most = PromisedProxy.returnsMax(in: paused.duration(to: .now), each: .milliseconds(1800))
    let report = load.report()
    #expect(report.outcomes == ["200": 150], "\(report)")
    let timedOut = Int(try promised.proxy.retries("per_try_timeout"))
    #expect((3...PromisedProxy.clients + 3 + most).contains(timedOut), "\(timedOut), \(report)")
    #expect(try promised.proxy.transitions("endpoint", to: "open") >= 1)
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }

  /// No policy of the proxy can know whether what was sent to it will be done: those POSTs fail, as
  /// few as above, none is sent a second time, and what the endpoint does when it wakes is done once.
  @Test func whatItWasSentIsNotSentToOthers() throws {
    let promised = try PromisedProxy(
      try Fleet(3), route: [PromisedProxy.impatientRetry],
      upstream: [
        "endpoint_circuit_breaker: { consecutive_failures: 3, open_for: 5m, open_for_max: 5m }"
      ])
    let load = promised.load(150, perSecond: 100, LoadRequest.writing)
    #expect(load.waits(forFinished: 20))
    try promised.fleet.endpoints[0].pause()
    #expect(load.waits(forFinished: 120))
    try promised.fleet.endpoints[0].resume()
    let report = load.report()
    #expect(Set(report.outcomes.keys).isSubset(of: ["200", "504 per_try_timeout"]), "\(report)")
    #expect((3...3 + PromisedProxy.clients).contains(report.failed.count), "\(report)")
    try promised.expectKept(report)
  }

  /// Two checks that fail are enough: from then on nobody is sent to it, and nobody fails. When it
  /// wakes, it is asked again.
  @Test func healthChecksLetNobodyNearItAfterTwoOfThem() throws {
    let promised = try PromisedProxy(
      try Fleet(3),
      upstream: [
        "health_check: { path: /alive, interval: 100ms, timeout: 2s, unhealthy: 2, healthy: 1 }"
      ])
    let ill = "weir_upstream_endpoints{upstream=\"service\",state=\"unhealthy\"}"
    #expect(try promised.returns("endpoint-0"))
    try promised.fleet.endpoints[0].pause()
    #expect(try promised.proxy.eventually { try promised.proxy.metric(ill) == 1 })
    let report = promised.load(150, perSecond: 300, LoadRequest.reading).report()
    #expect(report.outcomes == ["200": 150], "\(report)")
    #expect(report.endpoints == ["endpoint-1", "endpoint-2"], "\(report)")
    try promised.fleet.endpoints[0].resume()
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }

  /// Without breaker or timeout: a second attempt after what half of all took, and 20 ms at least.
  /// Nobody waits for the one that stands still, who would else fail, and none of its connections is
  /// kept.
  @Test func aHedgeOvertakesIt() throws {
    let promised = try PromisedProxy(
      try Fleet(3), route: ["hedge: { minimum_delay: 20ms, percentile: 50%, budget: 100% }"])
    // It hedges once it knows what is slow.
    #expect(promised.load(120, perSecond: 400, LoadRequest.reading).report().failed.isEmpty)
    let load = promised.load(100, perSecond: 100, LoadRequest.reading)
    #expect(load.waits(forFinished: 10))
    try promised.fleet.endpoints[0].pause()
    let report = load.report()
    #expect(report.outcomes == ["200": 100], "\(report)")
    #expect(try promised.proxy.hedges("won") >= 10)
    try promised.fleet.endpoints[0].resume()
    try promised.expectKept(report)
  }

  /// All are paused: nobody waits longer than who asked allowed, and nothing is left behind.
  @Test func aDeadlineOfTheClientHoldsWhateverStandsStill() throws {
    let promised = try PromisedProxy(try Fleet(2), route: [PromisedProxy.impatientRetry])
    for endpoint in promised.fleet.endpoints { try endpoint.pause() }
    let load = promised.load(30, perSecond: 100) { _ in
      LoadRequest(fields: "x-envoy-expected-rq-timeout-ms: 150\r\n")
    }
    let report = load.report()
    #expect(report.outcomes == ["504 request_timeout": 30], "\(report)")
    #expect(report.duration(atShare: 0) >= .milliseconds(150), "\(report)")
    for endpoint in promised.fleet.endpoints { try endpoint.resume() }
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }
}
