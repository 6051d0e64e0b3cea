import Primitives
import Testing
import Upstreams

struct SlotTurnTests {
  @Test func endsAfterSomeUsesOrSomeTime() {
    let start = Instant(nanoseconds: 0)
    let later = start.advanced(by: .seconds(1))
    var turn = SlotTurn()
    let alone = (0..<100).map { _ in turn.keeps(othersWait: false, now: start) }
    #expect(!alone.contains(false))
    let uses = (0..<17).map { _ in turn.keeps(othersWait: true, now: start) }
    #expect(uses == [Bool](repeating: true, count: 16) + [false])
    // A slow service: each use takes long.
    let slow = [start, later, later].map { turn.keeps(othersWait: true, now: $0) }
    #expect(slow == [true, false, true])
  }
}
