import Testing
import WeirTesting

/// A proxy before a fleet, with the policies that a promise is derived from.
struct PromisedProxy {
  /// Hides what can be hidden: another endpoint each time, soon.
  static let retry =
    "retry: { attempts: 3, on: [connect-failure, reset, per-try-timeout], "
    + "per_try_timeout: 200ms, backoff: { base: 1ms, max: 5ms } }"
  /// Room for the retry of each request that is in flight when an endpoint dies.
  static let budget = "retry_budget: { ratio: 100%, minimum: 16 }"

  let fleet: Fleet
  let proxy: RunningProxy

  /// `route` and `upstream`: policies in flow style.
  init(_ fleet: Fleet, route: [String] = [], upstream: [String] = []) throws {
    self.fleet = fleet
    let route = (["{ match: { prefix: / }, upstream: service"] + route).joined(separator: ", ")
    proxy = try RunningProxy(
      addresses: fleet.addresses, routes: "[\(route) }]",
      upstream: upstream.joined(separator: "\n    "))
  }

  func load(
    _ count: Int, perSecond: Int, _ request: @escaping @Sendable (Int) -> LoadRequest
  ) -> LoadGenerator {
    LoadGenerator(port: proxy.port, count: count, perSecond: perSecond, request)
  }

  /// What holds whatever the policy and the fault: no POST is acted upon twice, nobody is told of a
  /// success that was none, and nothing is held when all is over.
  func expectKept(_ report: LoadReport, _ location: SourceLocation = #_sourceLocation) throws {
    let repeated = fleet.journal.repeated(method: "POST")
    #expect(repeated.isEmpty, "\(report)", sourceLocation: location)
    #expect(fleet.journal.unfounded(report).isEmpty, "\(report)", sourceLocation: location)
    #expect(report.outcomes["silent"] == nil, "\(report)", sourceLocation: location)
    try proxy.expectAllGivenBack(location)
    #expect(proxy.stop(), sourceLocation: location)
  }

  /// Waits until endpoint `name` answers again.
  func returns(_ name: String) throws -> Bool {
    try proxy.eventually { try proxy.get("/").contains("x-endpoint: \(name)\r\n") }
  }
}
