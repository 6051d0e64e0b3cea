import Testing

@testable import Resilience

/// One bad route does not poison the upstream: the detector and the endpoints' breakers together,
/// over minutes of traffic.
struct BadRouteTests {
  private func run(
    seed: UInt64 = 1, _ change: (inout BadRouteRun.Setting) -> Void
  ) -> BadRouteRun {
    var setting = BadRouteRun.Setting()
    // By rate, as in the report; a row of five is told by what comes of 31 requests to a bad route.
    setting.breaker.consecutiveFailures = nil
    setting.breaker.window = .calls(20)
    change(&setting)
    var run = BadRouteRun(setting, seed: seed)
    run.run()
    return run
  }

  @Test(arguments: [1, 2] as [UInt64], [2, 3, 5])
  func whatFailsEverywhereAlikeEjectsNobody(seed: UInt64, endpoints: Int) {
    let run = run(seed: seed) { $0.endpoints = endpoints }
    #expect(run.refused * 1000 < run.good, "\(run.refused) of \(run.good) good requests refused")
    #expect(run.ejections.isEmpty && run.openings == 0, "\(run.ejections) \(run.openings)")
  }

  /// What the mend is for: without the comparison the same traffic ejects again and again.
  @Test func withoutTheComparisonItDoes() {
    let run = run { $0.isCompared = false }
    #expect(run.ejections.values.reduce(0, +) > 0)
    #expect(run.openings > 3 && run.refused * 1000 > run.good, "\(run.refused) of \(run.good)")
  }

  /// Rows of five come by chance where a route fails often; breakers that go by rows too.
  @Test(arguments: [20, 50, 80] as [UInt32])
  func whatFailsOftenEverywhereEjectsNobody(failing: UInt32) {
    let run = run {
      $0.failing = failing
      $0.breaker.consecutiveFailures = 5
    }
    #expect(run.refused * 1000 < run.good, "\(run.refused) of \(run.good) good requests refused")
    #expect(run.ejections.values.reduce(0, +) <= 2, "\(run.ejections)")
  }

  /// An endpoint that is worse than its peers is found all the same, the bad route or not.
  @Test(arguments: [0, 100] as [UInt32]) func theBadEndpointIsStillEjected(failing: UInt32) {
    let run = run {
      $0.failing = failing
      $0.badEndpoint = 1
      $0.requests = 20_000
    }
    #expect(run.ejections[1] ?? 0 >= 1 && run.ejections.keys.allSatisfy { $0 == 1 })
    #expect(run.refused * 1000 < run.good)
  }
}
