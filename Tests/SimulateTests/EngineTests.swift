import Foundation
import Primitives
import Testing

@testable import Simulation

/// The parts of the engine against slow or foreign ones.
struct EngineTests {
  /// Against a sorted list; times from now to hours ahead.
  @Test(arguments: [1, 2, 3, 4]) func theQueueIsInOrder(seed: UInt64) {
    var random = RandomSource(seed: seed)
    var queue = EventQueue()
    var pending: [Int64] = []
    var now: Int64 = 0
    for _ in 0..<4000 {
      if random.below(5) < 3 || pending.isEmpty {
        let magnitude = UInt64(random.below(43))
        let time = now + Int64(random.next() & ((1 << magnitude) - 1))
        queue.push(Event(.deadline, at: time, index: Int(random.below(1 << 28)), generation: 9))
        pending.append(time)
      } else {
        let end = now + Int64(random.next() & 0xFF_FFFF_FFFF)
        let first = pending.min() ?? .max
        let event = queue.pop(before: end)
        #expect(event?.time == (first < end ? first : nil), "seed \(seed)")
        guard let event, let index = pending.firstIndex(of: event.time) else { continue }
        pending.remove(at: index)
        now = event.time
      }
    }
    while let event = queue.pop(before: .max >> 1), let index = pending.firstIndex(of: event.time) {
      pending.remove(at: index)
    }
    #expect(pending.isEmpty, "seed \(seed)")
  }

  @Test func eventsKeepWhatTheyAreOf() {
    let event = Event(.probeEnd, at: 5, index: Event.indexMax - 1, generation: .max)
    #expect(event.kind == .probeEnd && event.index == Event.indexMax - 1)
    #expect(event.generation == .max && event.time == 5)
  }

  @Test func functionsAreThoseOfTheLibrary() {
    var random = RandomSource(seed: 4)
    for _ in 0..<20_000 {
      let value = (random.uniform() * 100 - 50).exponential
      let logarithm = value.naturalLogarithm
      #expect(abs(logarithm - log(value)) <= 1e-13 * max(1, abs(log(value))))
      let power = random.uniform() * 200 - 100
      #expect(abs(power.exponential / exp(power) - 1) < 1e-13)
    }
    #expect(1.0.naturalLogarithm == 0 && 0.0.exponential == 1)
  }

  /// The mean of 200,000 draws is within 2 %, the stated percentile within 5 %.
  @Test func distributionsAreWhatTheySay() {
    let cases: [(Distribution, quantile: Double, value: Double)] = [
      (.constant(5), 0.5, 5),
      (.exponential(mean: 1000), 0.9, 2302.585),
      (.lognormal(median: 1000, p99: 8000), 0.99, 8000),
      (.lognormal(median: 1000, p99: 8000), 0.5, 1000),
      (.pareto(minimum: 100, p99: 1000, maximum: 5000), 0.99, 1000),
    ]
    for (index, (distribution, quantile, value)) in cases.enumerated() {
      var random = RandomSource(seed: 3)
      let draws = (0..<200_000).map { _ in distribution.draw(&random) }.sorted()
      let mean = draws.reduce(0, +) / Double(draws.count)
      #expect(abs(mean / distribution.mean - 1) < 0.02, "case \(index)")
      let found = draws[Int(Double(draws.count) * quantile)]
      #expect(abs(found / value - 1) < 0.05, "case \(index): \(found)")
    }
  }

  /// 100 a second to 300 a second within ten seconds, then none.
  @Test func arrivalsFollowTheLine() {
    var curve = ArrivalCurve([
      .init(time: 0, rate: 100e-9), .init(time: 10e9, rate: 300e-9),
      .init(time: 20e9, rate: 300e-9), .init(time: 20.000_001e9, rate: 0),
    ])
    #expect(abs(curve.rate(at: 5e9) - 200e-9) < 1e-15 && curve.rate(at: 30e9) == 0)
    var random = RandomSource(seed: 1)
    var counts = [0, 0, 0]
    var time = 0.0
    while let next = curve.next(after: time, &random) {
      #expect(next >= time)
      time = next
      counts[min(Int(time / 5e9), 2)] += 1
    }
    // Areas below the line, with five deviations of room.
    #expect(abs(counts[0] - 750) < 140 && abs(counts[1] - 1250) < 180)
    #expect(abs(counts[2] - 3000) < 280 && time < 20.01e9)
  }

  @Test func percentilesAreRightToThreePercent() {
    var random = RandomSource(seed: 2)
    var histogram = LatencyCounts()
    var values: [Int64] = []
    for _ in 0..<50_000 {
      let value = Int64((random.uniform() * 16 + 7).exponential)
      values.append(value)
      histogram.record(value)
    }
    values.sort()
    for share in [0.01, 0.5, 0.9, 0.99, 0.999] {
      let exact = Double(values[Int((Double(values.count) * share).rounded(.up)) - 1])
      let found = Double(histogram.percentile(share))
      #expect(abs(found - exact) <= exact * 0.033 + 1024, "\(share): \(found), not \(exact)")
    }
    var double = histogram
    double.add(histogram)
    #expect(double.count == 100_000 && double.mean == histogram.mean)
    #expect(double.percentile(0.9) == histogram.percentile(0.9))
    histogram.clear()
    #expect(histogram.percentile(0.5) == 0 && histogram.count == 0)
  }
}
