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

  /// Attempts are given up after a second and made elsewhere, and three that fail open the breaker: no
  /// GET fails; POSTs fail only where they were sent, none is acted upon twice: at most those that
  /// were with it, one of each client, and a probe for each time the breaker was open. When the
  /// network is back, so is the traffic.
  @Test(arguments: Fault.allCases) func aPartitionCostsAFewPOSTsAndNoGET(fault: Fault) throws {
    let promised = try PromisedProxy(
      try Fleet(2, isolated: 1), route: [PromisedProxy.impatientRetry],
      upstream: [
        PromisedProxy.budget, "timeouts: { connect: 1s }",
        "endpoint_circuit_breaker: { consecutive_failures: 3, open_for: 1s, "
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
    let probes = Int(try promised.proxy.transitions("endpoint", to: "half_open"))
    #expect(posts.failed.count <= 3 + PromisedProxy.clients + probes, "\(report)")
    #expect(try promised.proxy.transitions("endpoint", to: "open") >= 1)
    #expect(try promised.returns("isolated-0"))
    try promised.expectKept(report)
  }

  /// Only the answers are lost, and there is no other endpoint: what was acted upon is not asked
  /// for again though its time is up, and though there are attempts left.
  @Test func answersThatAreLostAreNoReasonToActAgain() throws {
    let promised = try PromisedProxy(
      try Fleet(0, isolated: 2), route: [PromisedProxy.impatientRetry],
      upstream: [PromisedProxy.budget, "timeouts: { connect: 1s, pool_idle: 10m }"])
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
