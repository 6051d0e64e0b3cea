import Testing

@testable import Simulation

/// Every request ends once, or is still under way.
enum Conservation {
  static func check(_ run: SimulationRun, _ comment: Comment) {
    for series in run.clients + run.services {
      let counts = series.counts
      #expect(series.unfinished >= 0, comment)
      #expect(counts.failed == series.reasons.reduce(0, +), comment)
      #expect(counts.good == series.whole.count + counts.degraded, comment)
      #expect(
        series.samples.reduce(0) { $0 + $1.counts.good + $1.counts.failed }
          == counts.good + counts.failed, comment)
      #expect(counts.retries <= counts.attempts && counts.fallbacks <= counts.offered, comment)
    }
    // Each exchange that is under way is one that a service was offered and has not ended.
    #expect(run.services.reduce(0) { $0 + $1.unfinished } == run.inFlight, comment)
    #expect(
      run.total.counts.offered == run.clients.reduce(0) { $0 + $1.counts.offered }, comment)
  }
}
