import Primitives
import Resilience
import Testing

/// The search over the defaults of the adaptive limit (docs/decisions/0016): services whose times are
/// constant, exponential and lognormal, of 10 to 10,000 requests a second at half of what they carry.
struct KneeSearchTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var servers: Int
    /// Nanoseconds.
    var serviceMean: Double
    var times: SimulatedQueue.Times
    var capacity: Double { Double(servers) / serviceMean * 1e9 }
    var testDescription: String { "\(servers) of \(serviceMean / 1e6) ms, \(times)" }

    func queue(_ seed: UInt64, load: Double) -> SimulatedQueue {
      SimulatedQueue(
        seed: seed, servers: servers, serviceMean: serviceMean,
        arrivalsPerSecond: capacity * load, times: times)
    }
  }

  /// 20, 200, 2,000 and 20,000 requests a second of 60 ms; 20,000 of 2 ms; 20 of 50 ms at one place.
  static let cases: [Case] = SimulatedQueue.Times.allCases.flatMap { times in
    [(1, 50e6), (12, 60e6), (120, 60e6), (1200, 60e6), (4, 2e6), (40, 2e6), (12, 3e9)].map {
      Case(servers: $0.0, serviceMean: $0.1, times: times)
    }
  }

  static let seeds: [UInt64] = [1, 2]

  @Test(arguments: cases) func halfTheLoadIsServed(_ each: Case) {
    for seed in Self.seeds {
      var queue = each.queue(seed, load: 0.5)
      // From the first request on: so much is lost until the limit is known.
      let report = queue.run(seconds: each.capacity > 5000 ? 20 : 60)
      #expect(report.loss < 0.01, "seed \(seed): \(report.loss), limit \(queue.limiter.limit)")
    }
  }

  @Test(arguments: cases) func underTwiceTheLoadTheServiceIsKeptBusy(_ each: Case) {
    for seed in Self.seeds {
      var queue = each.queue(seed, load: 2)
      _ = queue.run(seconds: max(each.capacity > 5000 ? 4 : 10, 1000 / each.capacity))
      let report = queue.run(seconds: max(11, 4000 / each.capacity))
      let busy = queue.busyShare(report)
      #expect(busy >= 0.95, "seed \(seed): \(busy) busy at a limit of \(report.limitMean)")
    }
  }

  /// Else any large number would do: who is let in waits for no more than about as long as it is
  /// served. At few requests a second what a hundred of them say is rough, hence the 60.
  @Test(arguments: cases) func underTwiceTheLoadTheQueueIsShort(_ each: Case) {
    for seed in Self.seeds {
      var queue = each.queue(seed, load: 2)
      _ = queue.run(seconds: max(each.capacity > 5000 ? 5 : 20, 5000 / each.capacity))
      let report = queue.run(seconds: max(2, 2000 / each.capacity))
      let most = max(3.5 * Double(each.servers), 60)
      #expect(report.limitMean < most, "seed \(seed): \(report.limitMean)")
    }
  }
}
