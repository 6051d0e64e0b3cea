import Primitives
import Resilience
import Testing

struct FaultPlanTests {
  @Test(arguments: Seeds.all) func sharesAreMet(seed: UInt64) {
    let plan = FaultPlan(
      delay: .milliseconds(5), delayShare: .percent(10), abortStatus: 504, abortShare: .percent(20),
      resetShare: .percent(50), bytesPerSecond: 1000, bandwidthShare: .percent(1))
    var random = RandomSource(seed: seed)
    var counts: (delayed: Int, aborted: Int, reset: Int, throttled: Int) = (0, 0, 0, 0)
    for _ in 0..<200_000 {
      let fault = plan.decide(random: &random)
      if fault.delayNanoseconds == 5_000_000 { counts.delayed += 1 }
      if fault.ending == .abort(status: 504) { counts.aborted += 1 }
      if fault.ending == .reset { counts.reset += 1 }
      if fault.bytesPerSecond == 1000 { counts.throttled += 1 }
    }
    #expect(abs(counts.delayed - 20_000) < 700, "seed \(seed): \(counts)")
    #expect(abs(counts.aborted - 40_000) < 900, "seed \(seed): \(counts)")
    // An abort wins over a reset: half of the other 80 %.
    #expect(abs(counts.reset - 80_000) < 1200, "seed \(seed): \(counts)")
    #expect(abs(counts.throttled - 2000) < 250, "seed \(seed): \(counts)")
  }

  @Test func noneAndAllAreExact() {
    var random = RandomSource(seed: 1)
    for _ in 0..<100_000 {
      #expect(FaultPlan().decide(random: &random).isNone)
      #expect(FaultPlan(resetShare: .all).decide(random: &random).ending == .reset)
    }
  }

  /// One share does not change what a seed does with the others.
  @Test func drawsAreIndependent() {
    var one = RandomSource(seed: 5)
    var two = RandomSource(seed: 5)
    let delayed = FaultPlan(delay: .seconds(1), delayShare: .percent(50), abortShare: .percent(50))
    let other = FaultPlan(abortShare: .percent(50), resetShare: .percent(50))
    for _ in 0..<10_000 {
      let isAborted = delayed.decide(random: &one).ending == .abort(status: 503)
      #expect(isAborted == (other.decide(random: &two).ending == .abort(status: 503)))
    }
  }
}
