import Primitives
import Resilience
import Testing

struct BackoffTests {
  @Test(arguments: Seeds.all) func itFillsItsBoundAndNoMore(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let bounds: [Int64] = [25, 50, 100, 200, 250, 250, 250].map { $0 * 1_000_000 }
    for (index, bound) in bounds.enumerated() {
      var sum = 0.0
      var least = Int64.max
      var most = Int64.min
      for _ in 0..<10_000 {
        let wait = Backoff().nanoseconds(retry: index + 1, random: &random)
        sum += Double(wait)
        least = min(least, wait)
        most = max(most, wait)
      }
      #expect(least >= 0 && least < bound / 100 && most < bound && most > bound * 99 / 100)
      #expect(abs(sum / 10_000 - Double(bound) / 2) < Double(bound) * 0.02, "seed \(seed)")
    }
  }

  @Test func extremesDoNotOverflow() {
    var random = RandomSource(seed: 1)
    let long = Backoff(base: .seconds(Int64.max / 2), max: .seconds(Int64.max))
    for retry in [-1, 0, 1, 2, 62, 63, 64, 1000] {
      #expect(long.nanoseconds(retry: retry, random: &random) >= 0)
      #expect(Backoff(base: .zero, max: .zero).nanoseconds(retry: retry, random: &random) == 0)
    }
    #expect(Backoff(base: .seconds(1), max: .milliseconds(1)).max == .seconds(1))
  }
}
