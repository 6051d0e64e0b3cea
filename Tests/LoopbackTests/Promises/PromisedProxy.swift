import Testing
import WeirTesting

/// A proxy before a fleet, with the policies that a promise is derived from.
///
/// What a promise says is held by counts and causes, which are the same on a machine that is busy:
/// how many clients there are bounds how many requests an endpoint has in its hands. How long it
/// takes is told in virtual time, by `PromiseSimulationTests`.
struct PromisedProxy {
  /// Requests that are under way at once, at most: the load's clients.
  static let clients = 16
  /// Hides what can be hidden: another endpoint each time, soon.
  static let retry =
    "retry: { attempts: 3, on: [connect-failure, reset], backoff: { base: 1ms, max: 5ms } }"
  /// Hides what stands still too. A second is far longer than an endpoint takes that does not, on a
  /// busy machine too.
  static let impatientRetry =
    "retry: { attempts: 3, on: [connect-failure, reset, per-try-timeout], "
    + "per_try_timeout: 1s, backoff: { base: 1ms, max: 5ms } }"
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
    LoadGenerator(
      port: proxy.port, count: count, perSecond: perSecond, clients: Self.clients, request)
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

  /// How often an endpoint may have been let back while it was dead for `duration`, where it is kept
  /// away for at least `ejection` each time.
  static func returnsMax(in duration: Duration, each ejection: Duration) -> Int {
    1 + Int(duration / ejection)
  }

  /// Waits until endpoint `name` answers again.
  func returns(_ name: String) throws -> Bool {
    try proxy.eventually { try proxy.get("/").contains("x-endpoint: \(name)\r\n") }
  }
}
