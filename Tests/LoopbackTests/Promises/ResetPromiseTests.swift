import Testing
import WeirTesting

/// An endpoint resets its connections under load.
@Suite(.serialized)
struct ResetPromiseTests {
  /// It acts and then resets instead of answering. No GET fails; POSTs fail until five in a row have
  /// ejected it, and those in flight. Each of them was acted upon, once.
  @Test func whatWasActedUponIsNotActedUponAgain() throws {
    let promised = try PromisedProxy(
      try Fleet(3), route: [PromisedProxy.retry],
      upstream: [PromisedProxy.budget, "outlier_detection: { base_ejection: 5m }"])
    promised.fleet.relays[0].behave(.cutting(afterBytes: 0))
    let report = promised.load(200, perSecond: 400, LoadRequest.alternating).report()
    #expect(report.only("GET").outcomes == ["200": 100], "\(report)")
    let posts = report.only("POST")
    #expect(Set(posts.outcomes.keys).isSubset(of: ["200", "502 upstream_reset"]), "\(report)")
    #expect(posts.failed.count <= 5 + PromisedProxy.clients, "\(report)")
    let executions = promised.fleet.journal.executions(method: "POST")
    #expect(posts.failed.allSatisfy { executions[$0.id] == 1 })
    let reasons = try ["consecutive_local_origin_failures", "consecutive_5xx"].map {
      try promised.proxy.ejections($0)
    }
    #expect(reasons.reduce(0, +) == 1)
    try promised.expectKept(report)
  }

  /// Inside of an answer that has begun: the client sees that it is cut, and no second answer is
  /// glued to a first. That is a third of all, whatever is retried.
  @Test(arguments: [RelayCut.Ending.reset, .close])
  func anAnswerThatHasBegunIsNotBegunAgain(by ending: RelayCut.Ending) throws {
    let promised = try PromisedProxy(
      try Fleet(3, bodyBytes: 100_000), route: [PromisedProxy.retry],
      upstream: [PromisedProxy.budget])
    promised.fleet.relays[0].behave(.cutting(afterBytes: 50_000, by: ending))
    let report = promised.load(90, perSecond: 300, LoadRequest.alternating).report()
    #expect(Set(report.outcomes.keys).isSubset(of: ["200", "200 cut"]), "\(report)")
    #expect((25...35).contains(report.failed.count), "\(report)")
    #expect(report.failed.allSatisfy { $0.endpoint == "endpoint-0" }, "\(report)")
    // Not even what may be done twice was: nobody could have told which half is whose.
    #expect(promised.fleet.journal.repeated().isEmpty)
    try promised.expectKept(report)
  }

  /// All fail, and four attempts are allowed each: without a budget that would be four times the
  /// load. Of sixteen in flight 20 % may be retries, three: at most three for each thirteen others.
  @Test func theBudgetBoundsWhatAnOutageAddsToTheLoad() throws {
    let promised = try PromisedProxy(
      try Fleet(3, answersAfter: .milliseconds(20)),
      route: ["retry: { attempts: 4, on: [reset], backoff: { base: 1ms, max: 1ms } }"],
      upstream: ["retry_budget: { ratio: 20%, minimum: 0 }"])
    for relay in promised.fleet.relays { relay.behave(.cutting(afterBytes: 0)) }
    let report = promised.load(260, perSecond: 5000, LoadRequest.reading).report()
    #expect(report.outcomes == ["502 upstream_reset": 260], "\(report)")
    let added = promised.fleet.journal.entries.count - 260
    #expect((1...260 * 3 / 13 + 16).contains(added), "\(report)")
    #expect(try promised.proxy.refusedRetries("budget_spent") > 0)
    try promised.expectKept(report)
  }

  /// All kept connections at once, in the midst of it: a GET whose connection had been closed goes
  /// out on a fresh one without any policy; POSTs fail only where bytes were on their way.
  @Test func resetsOfKeptConnectionsCostOnlyWhatWasOnItsWay() throws {
    let promised = try PromisedProxy(try Fleet(2, answersAfter: .milliseconds(5)))
    let load = promised.load(300, perSecond: 400, LoadRequest.alternating)
    for count in [60, 120, 180] {
      #expect(load.waits(forFinished: count))
      for relay in promised.fleet.relays { relay.resetConnections() }
    }
    let report = load.report()
    // Each reset ends what is in flight, on fresh connections too: at most sixteen.
    #expect(report.failed.count <= 3 * PromisedProxy.clients, "\(report)")
    let names: Set = ["200", "502 upstream_closed", "502 upstream_reset", "502 connect_failed"]
    #expect(Set(report.outcomes.keys).isSubset(of: names), "\(report)")
    try promised.expectKept(report)
  }
}
