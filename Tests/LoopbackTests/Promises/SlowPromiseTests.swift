import Testing
import WeirTesting

/// An endpoint answers, but late: a second behind the others. What that costs in time stands in
/// `PromiseSimulationTests`; here it is real endpoints that are told apart.
@Suite(.serialized)
struct SlowPromiseTests {
  private static let slow = RelayBehaviour.delaying(.milliseconds(500))

  private func slowFleet() throws -> Fleet {
    let fleet = try Fleet(3)
    fleet.relays[0].behave(Self.slow)
    return fleet
  }

  /// The median of an interval is compared with the others': the slow one is ejected, and from then
  /// on nobody is sent to it.
  @Test func aLatencyOutlierIsEjectedAndNobodyIsSentToIt() throws {
    let promised = try PromisedProxy(
      try slowFleet(),
      upstream: [
        "outlier_detection: { interval: 2s, base_ejection: 10m, ejection_max: 10m, "
          + "latency: { minimum_calls: 4, floor: 50ms } }"
      ])
    var reports: [LoadReport] = []
    let isEjected = try promised.proxy.eventually {
      reports.append(promised.load(30, perSecond: 100, LoadRequest.reading).report())
      return try promised.proxy.ejections("latency") >= 1
    }
    #expect(isEjected)
    let report = promised.load(30, perSecond: 100, LoadRequest.reading).report()
    for all in reports + [report] { #expect(all.outcomes == ["200": 30], "\(all)") }
    #expect(report.endpoints == ["endpoint-1", "endpoint-2"], "\(report)")
    try promised.expectKept(report)
  }

  /// Four calls that are slow open the endpoint's breaker: those four, and who was with it then, one
  /// of each client at most, are all that it answers.
  @Test func aBreakerOpensForSlowCalls() throws {
    let promised = try PromisedProxy(
      try slowFleet(),
      upstream: [
        "endpoint_circuit_breaker: { slow_call: 900ms, slow_call_rate: 80%, minimum_calls: 4, "
          + "open_for: 10m, open_for_max: 10m }"
      ])
    let report = promised.load(120, perSecond: 100, LoadRequest.writing).report()
    #expect(report.outcomes == ["200": 120], "\(report)")
    let slow = report.counts { $0.endpoint ?? "" }["endpoint-0"] ?? 0
    #expect((4...4 + PromisedProxy.clients).contains(slow), "\(slow), \(report)")
    #expect(try promised.proxy.transitions("endpoint", to: "open") == 1)
    try promised.expectKept(report)
  }

  /// `peak_ewma` asks the slow one seldom, without any other policy: a third would be its share.
  @Test func peakEWMAAvoidsIt() throws {
    let promised = try PromisedProxy(
      try slowFleet(), upstream: ["balancing: { policy: peak_ewma }"])
    let report = promised.load(120, perSecond: 100, LoadRequest.writing).report()
    #expect(report.outcomes == ["200": 120], "\(report)")
    let slow = report.counts { $0.endpoint ?? "" }["endpoint-0"] ?? 0
    #expect(slow <= 20, "\(slow), \(report)")
    try promised.expectKept(report)
  }
}
