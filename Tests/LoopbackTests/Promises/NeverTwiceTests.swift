import Testing
import WeirTesting

/// The first promise: a request that may have been acted upon is not sent again unless the route
/// says that twice is harmless, whatever happens to it and whatever is retried.
@Suite(.serialized)
struct NeverTwiceTests {
  enum Fault: String, CaseIterable, CustomTestStringConvertible {
    case killed, paused, deaf, mute, slow, resetOnArrival, refusing, cutBeforeTheAnswer
    case closedBeforeTheAnswer, cutInTheHead, cutInTheBody, trickling

    var testDescription: String { rawValue }

    var behaviour: RelayBehaviour? {
      switch self {
      case .killed, .paused: nil
      case .deaf: .blackHole
      case .mute: .mute
      case .slow: .delaying(.milliseconds(100))
      case .resetOnArrival: .resetting
      case .refusing: .refusing
      case .cutBeforeTheAnswer: .cutting(afterBytes: 0, every: 2)
      case .closedBeforeTheAnswer: .cutting(afterBytes: 0, every: 2, by: .close)
      case .cutInTheHead: .cutting(afterBytes: 40, every: 2)
      case .cutInTheBody: .cutting(afterBytes: 400, every: 2)
      case .trickling: .trickling(bytesPerSecond: 400)
      }
    }

    func begin(_ fleet: Fleet) throws {
      for index in 0..<2 {
        switch self {
        case .killed: fleet.kill(index)
        case .paused: try fleet.endpoints[index].pause()
        default: fleet.relays[index].behave(behaviour ?? .passing)
        }
        if self == .resetOnArrival || self == .refusing {
          fleet.relays[index].resetConnections()
        }
      }
    }

    func end(_ fleet: Fleet) throws {
      for index in 0..<2 {
        switch self {
        case .killed: try fleet.revive(index)
        case .paused: try fleet.endpoints[index].resume()
        default: fleet.relays[index].behave(.passing)
        }
      }
    }
  }

  /// As eager as a route can be, short of saying so. `patience`: of one attempt.
  private static func retry(_ more: String = "", patience: String = "120ms") -> String {
    "retry: { attempts: 6, per_try_timeout: \(patience), backoff: { base: 1ms, max: 5ms }, "
      + "on: [5xx, gateway-error, reset, connect-failure, refused-stream, retriable-4xx, "
      + "per-try-timeout]\(more) }"
  }
  private static let budget = "retry_budget: { ratio: 100%, minimum: 100 }"

  /// Two of three endpoints are at fault in the midst of the load; there is always one to go to. Who is
  /// well may be too late as well, on a busy machine: that is one fault more, and the promise holds.
  @Test(arguments: Fault.allCases) func noPOSTIsActedUponTwice(fault: Fault) throws {
    let promised = try PromisedProxy(
      try Fleet(3, answersAfter: .milliseconds(2), bodyBytes: 800), route: [Self.retry()],
      upstream: [
        Self.budget, "timeouts: { connect: 100ms }",
        "endpoint_circuit_breaker: { consecutive_failures: 10, open_for: 50ms }",
      ])
    let load = promised.load(100, perSecond: 250, LoadRequest.alternating)
    #expect(load.waits(forFinished: 20))
    try fault.begin(promised.fleet)
    #expect(load.waits(forFinished: 70))
    try fault.end(promised.fleet)
    let report = load.report()
    // It was a fault: somebody failed, was tried again, or had to wait.
    let metrics = try promised.proxy.admin("/metrics")
    let isFelt =
      !report.failed.isEmpty || report.duration(atShare: 1) > .milliseconds(100)
      || metrics.contains("weir_upstream_retries_total{")
    #expect(isFelt, "\(report)")
    try promised.expectKept(report)
  }

  /// What never was sent goes to the one that lives, whatever it is.
  @Test func whatNeverWasSentGoesElsewhere() throws {
    let promised = try PromisedProxy(
      try Fleet(3), route: [Self.retry(patience: "30s")], upstream: [Self.budget])
    for relay in promised.fleet.relays.prefix(2) { relay.behave(.refusing) }
    let report = promised.load(60, perSecond: 250, LoadRequest.alternating).report()
    #expect(report.outcomes == ["200": 60], "\(report)")
    #expect(report.endpoints == ["endpoint-2"], "\(report)")
    #expect(try promised.proxy.retries("connect_refused") > 0)
    try promised.expectKept(report)
  }

  /// The other side of it: what the journal would show, shown. Opted in, they are acted upon again.
  @Test(arguments: [
    (", non_idempotent: true", ""), (", idempotency_key: honoured", "Idempotency-Key: a\r\n"),
  ])
  func whoOptsInIsTriedAgain(option: String, fields: String) throws {
    let promised = try PromisedProxy(
      try Fleet(2), route: [Self.retry(option, patience: "1s")], upstream: [Self.budget])
    promised.fleet.relays[0].behave(.mute)
    let load = promised.load(20, perSecond: 200) { _ in
      var request = LoadRequest.post
      request.fields = fields
      return request
    }
    let report = load.report()
    #expect(report.outcomes == ["200": 20], "\(report)")
    #expect(!promised.fleet.journal.repeated(method: "POST").isEmpty)
    #expect(promised.proxy.stop())
  }

  /// A key that the route does not honour means nothing, nor does a route that honours keys to a
  /// request without one.
  @Test(arguments: [("", "Idempotency-Key: a\r\n"), (", idempotency_key: honoured", "")])
  func whoDoesNotIsNot(option: String, fields: String) throws {
    let promised = try PromisedProxy(
      try Fleet(2), route: [Self.retry(option, patience: "1s")], upstream: [Self.budget])
    promised.fleet.relays[0].behave(.mute)
    let load = promised.load(20, perSecond: 200) { _ in
      var request = LoadRequest.post
      request.fields = fields
      return request
    }
    let report = load.report()
    #expect(report.outcomes["504 per_try_timeout"] ?? 0 > 0, "\(report)")
    try promised.expectKept(report)
  }
}
