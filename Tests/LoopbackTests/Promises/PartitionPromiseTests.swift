import Testing
import WeirTesting

/// An endpoint is cut off from the network under load; nobody is told.
///
/// Skipped, with the reason in the run's output, where namespaces cannot be had.
@Suite(
  .serialized,
  .enabled(if: IsolatedNetwork.missing == nil, "\(IsolatedNetwork.missing ?? "available")"))
struct PartitionPromiseTests {
  enum Fault: String, CaseIterable, CustomTestStringConvertible {
    case linkDown, requestsDropped, answersDropped

    var testDescription: String { rawValue }

    func begin(_ network: IsolatedNetwork) throws {
      switch self {
      case .linkDown: try network.linkDown()
      case .requestsDropped: try network.drop(.requests)
      case .answersDropped: try network.drop(.answers)
      }
    }

    func end(_ network: IsolatedNetwork) throws {
      switch self {
      case .linkDown: try network.linkUp()
      case .requestsDropped: try network.undrop(.requests)
      case .answersDropped: try network.undrop(.answers)
      }
    }
  }

  /// Attempts are given up after 150 ms and made elsewhere, and three that fail open the breaker: no
  /// GET fails; POSTs fail only where they were sent, none is acted upon twice; at most three, those
  /// within the 150 ms behind them at 33 a second, and a probe for each time the breaker was open.
  /// When the network is back, so is the traffic.
  @Test(arguments: Fault.allCases) func aPartitionCostsAFewPOSTsAndNoGET(fault: Fault) throws {
    let promised = try PromisedProxy(
      try Fleet(2, isolated: 1),
      route: [
        "retry: { attempts: 3, on: [connect-failure, reset, per-try-timeout], "
          + "per_try_timeout: 150ms, backoff: { base: 1ms, max: 5ms } }"
      ],
      upstream: [
        "retry_budget: { ratio: 100%, minimum: 16 }", "timeouts: { connect: 100ms }",
        "endpoint_circuit_breaker: { consecutive_failures: 3, open_for: 200ms, "
          + "half_open_calls: 1, recovery: 200ms }",
      ])
    let load = promised.load(120, perSecond: 100, LoadRequest.alternating)
    #expect(load.waits(forFinished: 20))
    try fault.begin(promised.fleet.networks[0])
    #expect(load.waits(forFinished: 90))
    try fault.end(promised.fleet.networks[0])
    let report = load.report()
    #expect(report.only("GET").outcomes == ["200": 60], "\(report)")
    let posts = report.only("POST")
    #expect(Set(posts.outcomes.keys).isSubset(of: ["200", "504 per_try_timeout"]), "\(report)")
    #expect(posts.failed.count <= 3 + 5 + 4, "\(report)")
    #expect(report.slower(than: .milliseconds(90)).records.count <= 3 + 5 + 4 + 4, "\(report)")
    #expect(try promised.proxy.transitions("endpoint", to: "open") >= 1)
    #expect(try promised.returns("isolated-0"))
    try promised.expectKept(report)
  }

  /// Only the answers are lost, and there is no other endpoint: what was acted upon is not asked
  /// for again though its time is up, and though there are attempts left.
  @Test func answersThatAreLostAreNoReasonToActAgain() throws {
    let promised = try PromisedProxy(
      try Fleet(0, isolated: 2), route: [PromisedProxy.retry],
      upstream: [PromisedProxy.budget, "timeouts: { connect: 100ms }"])
    let warm = promised.load(8, perSecond: 400, LoadRequest.writing).report()
    #expect(warm.failed.isEmpty, "\(warm)")
    for network in promised.fleet.networks { try network.drop(.answers) }
    let report = promised.load(6, perSecond: 400, LoadRequest.writing).report()
    #expect(report.failed.count == 6, "\(report)")
    // Those on kept connections were acted upon.
    #expect(promised.fleet.journal.entries.count > 8)
    for network in promised.fleet.networks { try network.undrop(.answers) }
    #expect(try promised.returns("isolated-0"))
    try promised.expectKept(report)
  }
}
