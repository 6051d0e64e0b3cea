import Primitives
import Resilience
import Testing

/// Against a list of all samples with their weights in floating point.
struct LatencyDigestTests {
  private struct Sample {
    var nanoseconds: Int64
    var weight: Double
  }

  private func draw(_ random: inout RandomSource, _ shape: UInt32) -> Int64 {
    switch shape {
    case 0: return Int64(random.below(1_000_000)) + 1000
    case 1: return random.below(20) == 0 ? 900_000_000 : 5_000_000 + Int64(random.below(500_000))
    default: return 1100 << Int64(random.below(25)) + Int64(random.below(1000))
    }
  }

  /// The weighted share at or below `value`.
  private func rank(_ samples: [Sample], _ value: Double) -> Double {
    var below = 0.0
    var total = 0.0
    for sample in samples {
      total += sample.weight
      if Double(sample.nanoseconds) <= value { below += sample.weight }
    }
    return below / total
  }

  /// 5 seeds × 3 shapes × 67,000 samples: 10^6 a run.
  @Test(arguments: Seeds.all, [UInt32(0), 1, 2])
  func quantilesAreWithinTheBound(seed: UInt64, shape: UInt32) {
    var random = RandomSource(seed: seed)
    var digest = LatencyDigest(quantile: .percent(95), halfLife: .seconds(10))
    var samples: [Sample] = []
    var now = Instant(nanoseconds: 5)
    let began = now
    var halvings = 0
    for event in 0..<67_000 {
      now = now.advanced(byNanoseconds: Int64(random.below(1_000_000)))
      let due = Int(now.nanoseconds(since: began) / 10_000_000_000)
      while halvings < due {
        for index in samples.indices { samples[index].weight /= 2 }
        halvings += 1
      }
      let value = draw(&random, event > 40_000 ? (shape + 1) % 3 : shape)
      digest.record(nanoseconds: value, now: now)
      samples.append(Sample(nanoseconds: value, weight: 1))
      if event % 6700 == 6699 { check(digest, samples, seed: seed, event: event) }
    }
  }

  private func check(_ digest: LatencyDigest, _ samples: [Sample], seed: UInt64, event: Int) {
    for basisPoints in [1, 1000, 5000, 9000, 9500, 9900, 9990] {
      let share = Share(basisPoints: basisPoints)
      guard let value = digest.nanoseconds(at: share).map(Double.init) else {
        Issue.record("no quantile")
        return
      }
      let above = rank(samples, value * 1.0325)
      let below = rank(samples, value / 1.0325)
      #expect(
        above >= share.fraction - 0.001 && below <= share.fraction + 0.001,
        "seed \(seed) event \(event) at \(basisPoints): \(value) \(below) \(above)")
    }
    let weight = samples.reduce(0) { $0 + $1.weight }
    #expect(abs(Double(digest.samples) - weight) < weight * 0.01 + 2)
  }

  @Test func theMiddleIsWithinAThirtySecond() {
    var random = RandomSource(seed: 11)
    for _ in 0..<2000 {
      let value = Int64(random.next() >> (28 + UInt64(random.below(26))))
      guard value >= 1024 else { continue }
      var digest = LatencyDigest()
      digest.record(nanoseconds: value, now: Instant(nanoseconds: 0))
      let middle = digest.nanoseconds(at: .all) ?? 0
      #expect(abs(Double(middle - value)) <= Double(value) / 32 + 1)
      #expect((digest.fastestNanoseconds ?? .max) <= value)
      #expect(digest.cachedNanoseconds == middle)
    }
  }

  @Test func whatIsOldIsForgotten() {
    var digest = LatencyDigest(quantile: .percent(50), halfLife: .seconds(10))
    for _ in 0..<1000 { digest.record(nanoseconds: 1_000_000_000, now: Instant(nanoseconds: 0)) }
    let later = Instant(nanoseconds: 120_000_000_000)
    for _ in 0..<10 { digest.record(nanoseconds: 1_000_000, now: later) }
    #expect(digest.nanoseconds(at: .percent(50)) ?? 0 < 1_100_000)
    #expect(digest.samples <= 11)
    digest.record(nanoseconds: .max, now: later.advanced(by: .seconds(1_000_000)))
    #expect(digest.samples == 1)
  }

  /// Requests that are refused because of it bring no samples that could correct it.
  @Test func theFastestIsForgottenWhenNothingComes() {
    var digest = LatencyDigest(halfLife: .seconds(10))
    let start = Instant(nanoseconds: 7)
    #expect(digest.fastestNanoseconds(now: start) == nil)
    digest.record(nanoseconds: 2_000_000_000, now: start)
    #expect(digest.fastestNanoseconds(now: start) ?? 0 > 1_900_000_000)
    #expect(digest.fastestNanoseconds(now: start.advanced(by: .seconds(19))) != nil)
    #expect(digest.fastestNanoseconds(now: start.advanced(by: .seconds(20))) == nil)
    digest.record(nanoseconds: 2000, now: start.advanced(by: .seconds(21)))
    #expect(digest.fastestNanoseconds(now: start.advanced(by: .seconds(22))) ?? .max <= 2000)
  }

  /// What was cut before the quantile may have become anything; what was cut behind it is slow.
  @Test func attemptsThatWereCutAreLowerBounds() {
    var digest = LatencyDigest(quantile: .percent(95))
    let now = Instant(nanoseconds: 0)
    for _ in 0..<100 { digest.record(nanoseconds: 100_000_000, now: now) }
    for _ in 0..<100 { digest.record(atLeast: 1_000_000, now: now) }
    #expect(digest.samples == 100)
    for _ in 0..<10 { digest.record(atLeast: 900_000_000, now: now) }
    #expect(digest.samples == 110 && digest.nanoseconds(at: .percent(95)) ?? 0 > 800_000_000)
  }

  @Test func aBrokenAnswersLatencyIsTakenBack() {
    var digest = LatencyDigest()
    let now = Instant(nanoseconds: 0)
    digest.record(nanoseconds: 5_000_000, now: now)
    digest.record(nanoseconds: 90_000_000, now: now)
    digest.takeBack(nanoseconds: 90_000_000)
    #expect(digest.samples == 1 && digest.nanoseconds(at: .all) ?? .max < 6_000_000)
    // Half of it is forgotten by then: no more is taken back than is there.
    digest.record(nanoseconds: 90_000_000, now: now)
    digest.record(nanoseconds: 5_000_000, now: now.advanced(by: .seconds(15)))
    digest.takeBack(nanoseconds: 90_000_000)
    #expect(digest.nanoseconds(at: .all) ?? .max < 6_000_000)
  }

  @Test func extremesAreCountedAtTheEnds() {
    var digest = LatencyDigest()
    for value: Int64 in [.min, -1, 0, 1, .max] {
      digest.record(nanoseconds: value, now: Instant(nanoseconds: 0))
    }
    #expect(digest.samples == 5)
    #expect(digest.nanoseconds(at: .all) ?? 0 > 60_000_000_000)
    #expect(LatencyDigest().nanoseconds(at: .all) == nil)
  }
}
