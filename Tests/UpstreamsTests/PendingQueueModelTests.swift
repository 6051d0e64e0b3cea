import Primitives
import Testing
import Upstreams

/// `PendingQueue` against a plain list: 10^6 events a run, about 9 s of processor time in a debug
/// build, most of it the list.
struct PendingQueueModelTests {
  static let kept: [UInt64] = []
  static let seeds = kept + (1...170).map { UInt64($0) }

  @Test(arguments: seeds) func agreesWithTheList(seed: UInt64) {
    var dice = RandomSource(seed: seed)
    let policy = QueuePolicy()
    var queue = PendingQueue(policy: policy)
    var naive = NaiveQueue(target: 5_000_000, interval: 100_000_000)
    var now: Int64 = 0
    var refused = 0
    var newestFirst = 0
    for event in 0..<6000 {
      // Calm and rush by turns, so that the queue both empties and stands.
      let isRush = event / 1500 % 2 == 1
      now += Int64(dice.below(isRush ? 1_000_000 : 3_000_000))
      let at = Instant(nanoseconds: now)
      var isSame = true
      switch dice.below(100) {
      case 0..<(isRush ? 58 : 40):
        let deadline = dice.below(4) == 0 ? now + Int64(dice.below(50_000_000)) : .max
        let ticket = queue.push(now: at, deadline: Instant(nanoseconds: deadline))
        naive.push(ticket, now, deadline)
      case 90..<93 where !naive.waiters.isEmpty:
        let ticket = naive.waiters[Int(dice.below(UInt32(naive.waiters.count)))].ticket
        queue.cancel(ticket, now: at)
        naive.remove(ticket, now)
      case 93..<100:
        let due = queue.refusalDue
        let ticket = queue.refuse(now: at)
        isSame = ticket == naive.refuse(now) && (ticket == nil || (due ?? .distantFuture) <= at)
        refused += ticket == nil ? 0 : 1
      default:
        // Something is free: those who are refused first do not take it.
        var isServed = false
        while isSame, !isServed {
          let last = naive.waiters.last?.ticket
          let turn = queue.pop(now: at)
          isSame = turn == naive.pop(now)
          if case .refuse? = turn { refused += 1 } else { isServed = true }
          if case .serve(let ticket)? = turn, ticket == last, queue.count > 0 { newestFirst += 1 }
        }
      }
      isSame =
        isSame && queue.count == naive.waiters.count
        && queue.isOverloaded == naive.isOverloaded
      guard isSame else {
        Issue.record("they differ: seed \(seed), event \(event)")
        return
      }
    }
    #expect(refused > 0 && newestFirst > 0, "seed \(seed) saw no overload")
  }

  private func at(_ milliseconds: Int64) -> Instant {
    Instant(nanoseconds: milliseconds * 1_000_000)
  }

  /// A burst that drains within the interval is served in order, and nobody is refused.
  @Test func aBurstIsNoOverload() {
    var queue = PendingQueue(policy: QueuePolicy())
    let tickets = (0..<10).map { _ in queue.push(now: at(0)) }
    let turns = (0..<10).map { queue.pop(now: at(Int64($0) * 10)) }
    #expect(turns == tickets.map { .serve($0) })
  }

  /// Above the target of 5 ms for the interval of 100 ms: the old are refused, the newest served.
  @Test func aStandingQueueTurnsAround() {
    var queue = PendingQueue(policy: QueuePolicy())
    let old = [queue.push(now: at(0)), queue.push(now: at(1))]
    #expect(queue.refusalDue == at(105))
    #expect(queue.refuse(now: at(104)) == nil && !queue.isOverloaded)
    let new = [queue.push(now: at(104)), queue.push(now: at(105))]
    #expect(queue.isOverloaded)
    let turns = (0..<4).map { _ in queue.pop(now: at(106)) }
    #expect(
      turns == [
        .refuse(old[0], .overload), .refuse(old[1], .overload), .serve(new[1]), .serve(new[0]),
      ])
    #expect(!queue.isOverloaded && queue.refusalDue == nil)
  }
}
