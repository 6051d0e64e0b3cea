import Primitives
import Reactor
import Testing

struct TimerWheelTests {
  /// Against a plain list, over seeds: nothing fires early, nothing more than a tick late.
  @Test(arguments: UInt64(0)..<20)
  func agreesWithAList(seed: UInt64) {
    var random = RandomSource(seed: seed)
    var now = Instant(nanoseconds: 5_000_000_000)
    var wheel = TimerWheel(now: now)
    wheel.reserve(50)
    var deadlines = [Instant?](repeating: nil, count: 50)
    for _ in 0..<2000 {
      let owner = Int(random.below(50))
      switch random.below(4) {
      case 0:
        wheel.disarm(UInt32(owner))
        deadlines[owner] = nil
      case 1, 2:
        let spread: [UInt32] = [50, 5000, 500_000, 50_000_000]
        let wait = Int64(random.below(spread[Int(random.below(4))])) * 1_000_000
        let deadline = now.advanced(byNanoseconds: wait)
        wheel.arm(UInt32(owner), at: deadline)
        deadlines[owner] = deadline
      default:
        now = now.advanced(byNanoseconds: Int64(random.below(20_000)) * 1_000_000)
        var expired: [UInt32] = []
        wheel.advance(to: now, expired: &expired)
        for index in expired {
          let deadline = deadlines[Int(index)]
          #expect(deadline.map { $0 <= now } == true, "fired early, seed \(seed)")
          deadlines[Int(index)] = nil
        }
        let late = deadlines.compactMap(\.self).filter {
          $0.advanced(byNanoseconds: 1_000_000) <= now
        }
        #expect(late.isEmpty, "late, seed \(seed)")
      }
    }
  }
}
