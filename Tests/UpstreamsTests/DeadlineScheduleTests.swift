import Primitives
import Testing
import Upstreams

struct DeadlineScheduleTests {
  /// At the end of its count of turns it is counted anew, and nobody notices.
  @Test(arguments: [(1 << 43) - (1 << 30), (1 << 43) - 5] as [UInt64])
  func outlivesItsCount(start: UInt64) {
    let members: [UInt32] = [0, 1, 2]
    var near = DeadlineSchedule(weights: [1, 3, 2], room: 3)
    var fresh = near
    var random = RandomSource(seed: 3)
    var same = random
    near.begin(members, start: 0, count: 3, clock: start, random: &random)
    fresh.begin(members, start: 0, count: 3, random: &same)
    for turn in 0..<30_000 {
      let next = near.next(start: 0, count: 3)
      #expect(next == fresh.next(start: 0, count: 3), "turn \(turn)")
    }
  }
}
