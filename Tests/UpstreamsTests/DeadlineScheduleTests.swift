import Testing
import Upstreams

struct DeadlineScheduleTests {
  /// After 2^32 turns at weight 1 the count of turns ran over and trapped.
  @Test(arguments: [1 << 63, UInt64.max - (1 << 40)]) func outlivesItsCount(start: UInt64) {
    var near = DeadlineSchedule(weights: [1, 3, 2], start: start)
    var fresh = DeadlineSchedule(weights: [1, 3, 2])
    let all = EndpointSet(capacity: 3, isFull: true)
    for turn in 0..<3000 {
      #expect(near.next(all) == fresh.next(all), "turn \(turn)")
    }
  }
}
