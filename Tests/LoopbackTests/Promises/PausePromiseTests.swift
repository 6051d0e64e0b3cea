import Testing
import WeirTesting

/// An endpoint is paused under load (SIGSTOP): it takes connections and bytes, and does nothing.
@Suite(.serialized)
struct PausePromiseTests {
  /// At a hundred a second one of three has a request each 30 ms, so in the 200 ms of an attempt six
  /// more follow each other; three timeouts open its breaker. So about ten are slow, by one attempt,
  /// and none of them fails; then one probe each time it has been open.
  @Test func anEndpointBreakerAndPerTryTimeoutsSlowAFewAndFailNone() throws {
    let promised = try PromisedProxy(
      try Fleet(3), route: [PromisedProxy.retry],
      upstream: ["endpoint_circuit_breaker: { consecutive_failures: 3, open_for: 400ms }"])
    let load = promised.load(150, perSecond: 100, LoadRequest.reading)
    #expect(load.waits(forFinished: 20))
    try promised.fleet.endpoints[0].pause()
    #expect(load.waits(forFinished: 120))
    try promised.fleet.endpoints[0].resume()
    let report = load.report()
    #expect(report.outcomes == ["200": 150], "\(report)")
    let slow = report.slower(than: .milliseconds(190))
    // Three that count, six behind them, and of the probes three at a time twice.
    #expect((3...3 + 6 + 6).contains(slow.records.count), "\(slow)")
    #expect(report.duration(atShare: 1) < .milliseconds(600), "\(report)")
    #expect(try promised.proxy.transitions("endpoint", to: "open") >= 1)
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }

  /// No policy of the proxy can know whether what was sent to it will be done: those POSTs fail, as
  /// few as above, none is sent a second time, and what the endpoint does when it wakes is done once.
  @Test func whatItWasSentIsNotSentToOthers() throws {
    let promised = try PromisedProxy(
      try Fleet(3), route: [PromisedProxy.retry],
      upstream: ["endpoint_circuit_breaker: { consecutive_failures: 3, open_for: 30s }"])
    let load = promised.load(150, perSecond: 100, LoadRequest.writing)
    #expect(load.waits(forFinished: 20))
    try promised.fleet.endpoints[0].pause()
    #expect(load.waits(forFinished: 120))
    try promised.fleet.endpoints[0].resume()
    let report = load.report()
    #expect(Set(report.outcomes.keys).isSubset(of: ["200", "504 per_try_timeout"]), "\(report)")
    #expect((3...3 + 6 + 1).contains(report.failed.count), "\(report)")
    try promised.expectKept(report)
  }

  /// Two checks that fail, 100 ms apart and 15 % more, and the timeout of the second: after 330 ms
  /// nobody is sent to it. What was waits for its own timeout. When it wakes, it is asked again.
  @Test func healthChecksLetNobodyNearItAfterTwoOfThem() throws {
    let promised = try PromisedProxy(
      try Fleet(3), route: ["timeout: 500ms"],
      upstream: [
        "health_check: { path: /alive, interval: 100ms, timeout: 100ms, unhealthy: 2, healthy: 1 }"
      ])
    #expect(try promised.returns("endpoint-0"))
    let load = promised.load(150, perSecond: 100, LoadRequest.reading)
    #expect(load.waits(forFinished: 20))
    try promised.fleet.endpoints[0].pause()
    let report = load.report()
    #expect(Set(report.outcomes.keys).isSubset(of: ["200", "504 request_timeout"]), "\(report)")
    let failed = report.failed.map(\.index)
    // 33 a second.
    #expect((1...14).contains(failed.count), "\(report)")
    #expect((failed.max() ?? 0) - (failed.min() ?? 0) <= 40, "\(failed)")
    try promised.fleet.endpoints[0].resume()
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }

  /// Without breaker or timeout: a second attempt after what half of all took, and 20 ms at least.
  /// Nobody waits for the one that stands still, and none of its connections is kept.
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
    #expect(report.duration(atShare: 0.9) < .milliseconds(150), "\(report)")
    #expect(report.duration(atShare: 1) < .milliseconds(500), "\(report)")
    #expect(try promised.proxy.hedges("won") >= 10)
    try promised.fleet.endpoints[0].resume()
    try promised.expectKept(report)
  }

  /// All are paused: nobody waits longer than who asked allowed, and nothing is left behind.
  @Test func aDeadlineOfTheClientHoldsWhateverStandsStill() throws {
    let promised = try PromisedProxy(try Fleet(2), route: [PromisedProxy.retry])
    for endpoint in promised.fleet.endpoints { try endpoint.pause() }
    let load = promised.load(30, perSecond: 100) { _ in
      LoadRequest(fields: "x-envoy-expected-rq-timeout-ms: 150\r\n")
    }
    let report = load.report()
    #expect(report.outcomes == ["504 request_timeout": 30], "\(report)")
    #expect(report.duration(atShare: 0) >= .milliseconds(150), "\(report)")
    #expect(report.duration(atShare: 0.9) < .milliseconds(300), "\(report)")
    for endpoint in promised.fleet.endpoints { try endpoint.resume() }
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }
}
