import Testing
import WeirTesting

/// An endpoint is killed under load (SIGKILL): what clients are promised by each policy.
@Suite(.serialized)
struct KillPromiseTests {
  private static let sent: Set = ["200", "502 upstream_closed", "502 upstream_reset"]

  /// Three attempts, each at another endpoint, and two of three live: no idempotent request fails.
  /// At most those of the others fail whose bytes the dead one had, one of each client.
  @Test func retriesHideItFromIdempotentRequests() throws {
    let promised = try PromisedProxy(
      try Fleet(3, answersAfter: .milliseconds(5)), route: [PromisedProxy.retry],
      upstream: [PromisedProxy.budget])
    let load = promised.load(500, perSecond: 500, LoadRequest.alternating)
    #expect(load.waits(forFinished: 100))
    promised.fleet.kill(0)
    #expect(load.waits(forFinished: 300))
    try promised.fleet.revive(0)
    let report = load.report()
    #expect(report.only("GET").outcomes == ["200": 250], "\(report)")
    let posts = report.only("POST")
    #expect(Set(posts.outcomes.keys).isSubset(of: Self.sent), "\(report)")
    #expect(posts.failed.count <= PromisedProxy.clients, "\(report)")
    #expect(try promised.proxy.retries("connect_refused") > 0)
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }

  /// A connection that is refused ejects at once: without any retry one request of a worker meets
  /// the dead port each time it is let back, and those that were there when it died.
  @Test func anOutlierDetectorPaysOneRequestForEachReturn() throws {
    let promised = try PromisedProxy(
      try Fleet(3, answersAfter: .milliseconds(5)),
      upstream: ["outlier_detection: { base_ejection: 300ms, interval: 100ms }"])
    let load = promised.load(600, perSecond: 500, LoadRequest.writing)
    #expect(load.waits(forFinished: 100))
    let killed = ContinuousClock.now
    promised.fleet.kill(0)
    #expect(load.waits(forFinished: 400))
    try promised.fleet.revive(0)
    let most = PromisedProxy.returnsMax(
      in: killed.duration(to: .now), each: .milliseconds(300))
    let report = load.report()
    let refused = report.outcomes["502 connect_refused"] ?? 0
    // Where the machine is busy, all clients' requests may come in the one turn before it is told.
    #expect(
      (1...most * PromisedProxy.clients).contains(refused), "\(report), returned \(most) times")
    #expect(report.failed.count - refused <= PromisedProxy.clients, "\(report)")
    let ejections = try promised.proxy.ejections("connect_refused")
    #expect(ejections >= 1 && ejections <= Double(min(refused, most)), "\(ejections) of \(refused)")
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }

  /// Three failures in a row open its breaker: without any retry at most three requests fail, those
  /// in flight and one probe for each time it has been open.
  @Test func anEndpointBreakerPaysThreeRequests() throws {
    let promised = try PromisedProxy(
      try Fleet(3, answersAfter: .milliseconds(5)),
      upstream: [
        "endpoint_circuit_breaker: { consecutive_failures: 3, open_for: 200ms, half_open_calls: 1, "
          + "recovery: 200ms }"
      ])
    let load = promised.load(600, perSecond: 500, LoadRequest.writing)
    #expect(load.waits(forFinished: 100))
    let killed = ContinuousClock.now
    promised.fleet.kill(0)
    #expect(load.waits(forFinished: 400))
    try promised.fleet.revive(0)
    // Open for 200 ms and longer, 10 % more or less.
    let most = PromisedProxy.returnsMax(
      in: killed.duration(to: .now), each: .milliseconds(180))
    let report = load.report()
    let failed = report.failed.count
    #expect((3...3 + PromisedProxy.clients + most).contains(failed), "\(report), most \(most)")
    #expect(try promised.proxy.transitions("endpoint", to: "open") <= Double(1 + most))
    #expect(try promised.returns("endpoint-0"))
    #expect(try promised.proxy.transitions("endpoint", to: "closed") == 1)
    try promised.expectKept(report)
  }

  /// All are dead: five failures in a row, and those in flight, are all that it costs; everyone else
  /// is refused without an attempt and told when to come again. When one lives, traffic returns.
  @Test func allDeadIsRefusedAtOnceAndTrafficReturns() throws {
    let promised = try PromisedProxy(
      try Fleet(3, answersAfter: .milliseconds(5)),
      upstream: [
        "circuit_breaker: { consecutive_failures: 5, failure_rate: off, open_for: 200ms, "
          + "open_for_max: 200ms, half_open_calls: 1, recovery: 300ms }"
      ])
    let load = promised.load(700, perSecond: 500, LoadRequest.writing)
    #expect(load.waits(forFinished: 100))
    for index in 0..<3 { promised.fleet.kill(index) }
    let open = try promised.proxy.eventually {
      try promised.proxy.transitions("upstream", to: "open") >= 1
    }
    #expect(open)
    let answer = try promised.proxy.eventually {
      let answer = try promised.proxy.get("/")
      return answer.contains("details=\"circuit_open: upstream\"")
        && answer.contains("\r\nretry-after: 1\r\n")
    }
    #expect(answer)
    #expect(load.waits(forFinished: 400))
    for index in 0..<3 { try promised.fleet.revive(index) }
    let report = load.report()
    let refused = LoadReport(report.records.filter { $0.failure == "circuit_open" })
    let failed = report.failed.count - refused.records.count
    #expect(refused.records.count > 100, "\(report)")
    let probes = try promised.proxy.transitions("upstream", to: "half_open")
    #expect(failed <= 5 + PromisedProxy.clients + Int(probes), "\(report), \(probes) probes")
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }
}
