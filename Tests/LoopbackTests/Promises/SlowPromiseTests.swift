import Testing
import WeirTesting

/// An endpoint answers, but late: half a second behind the others.
@Suite(.serialized)
struct SlowPromiseTests {
  private static let slow = RelayBehaviour.delaying(.milliseconds(250))

  /// The median of an interval of 300 ms is compared with the others': after its first answers and
  /// two intervals the slow one is ejected, and the 95th percentile is that of the others.
  @Test func aLatencyOutlierIsEjectedAndTheTailRecovers() throws {
    let promised = try PromisedProxy(
      try Fleet(3),
      upstream: [
        "outlier_detection: { interval: 300ms, base_ejection: 1200ms, "
          + "latency: { minimum_calls: 4, floor: 50ms } }"
      ])
    promised.fleet.relays[0].behave(Self.slow)
    let load = promised.load(180, perSecond: 100, LoadRequest.reading)
    let report = load.report()
    #expect(report.outcomes == ["200": 180], "\(report)")
    // At most: 500 ms to its first answer, and two intervals.
    let behind = report.from(120).upTo(165)
    #expect(behind.duration(atShare: 0.95) < .milliseconds(250), "\(behind)")
    #expect(report.upTo(60).duration(atShare: 0.95) >= .milliseconds(500), "\(report)")
    #expect(try promised.proxy.ejections("latency") >= 1)
    promised.fleet.relays[0].behave(.passing)
    #expect(try promised.returns("endpoint-0"))
    try promised.expectKept(report)
  }

  /// Calls that take 100 ms are slow: four of them open the endpoint's breaker, and those behind them
  /// are all that is slow.
  @Test func aBreakerOpensForSlowCalls() throws {
    let promised = try PromisedProxy(
      try Fleet(3),
      upstream: [
        "endpoint_circuit_breaker: { slow_call: 100ms, slow_call_rate: 80%, minimum_calls: 4, "
          + "open_for: 30s }"
      ])
    promised.fleet.relays[0].behave(Self.slow)
    let report = promised.load(120, perSecond: 100, LoadRequest.writing).report()
    #expect(report.outcomes == ["200": 120], "\(report)")
    // 33 a second for the half of one that the first four take, and the 90 ms between those.
    #expect((4...4 + 17 + 4).contains(report.slower(than: .milliseconds(490)).records.count))
    #expect(report.from(70).duration(atShare: 0.95) < .milliseconds(250), "\(report)")
    #expect(try promised.proxy.transitions("endpoint", to: "open") == 1)
    try promised.expectKept(report)
  }

  /// `peak_ewma` asks the slow one seldom, without any other policy: a third would be its share.
  @Test func peakEWMAAvoidsIt() throws {
    let promised = try PromisedProxy(try Fleet(3), upstream: ["balancing: { policy: peak_ewma }"])
    promised.fleet.relays[0].behave(Self.slow)
    let report = promised.load(120, perSecond: 100, LoadRequest.writing).report()
    #expect(report.outcomes == ["200": 120], "\(report)")
    #expect(report.slower(than: .milliseconds(490)).records.count <= 12, "\(report)")
    try promised.expectKept(report)
  }
}
