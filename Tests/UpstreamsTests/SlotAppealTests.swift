import Primitives
import Testing
import Upstreams

/// Who waits for a connection gets those that are idle at other workers.
struct SlotAppealTests {
  /// Every order of events: when all is quiet nobody waits, and no slot is lost or made.
  @Test(arguments: [(2, 2, 5), (2, 3, 6), (3, 2, 4), (3, 3, 5)])
  func leavesNobodyWaitingBesideAnIdleConnection(workers: Int, connections: Int, requests: Int) {
    let start = SlotSharingModel(workers: workers, connections: connections, requests: requests)
    var seen: Set<SlotSharingModel> = [start]
    var stack = [start]
    var quiet = 0
    while let state = stack.popLast() {
      #expect(state.slots == connections)
      if state.isQuiet {
        quiet += 1
        #expect(state.waiting == 0, "\(state)")
      }
      for event in state.events {
        var after = state
        after.take(event)
        if seen.insert(after).inserted { stack.append(after) }
      }
    }
    #expect(quiet > requests && seen.count > 1000)
  }

  /// All connections are in use for long, and a thousand requests wait: that is one round.
  @Test func sendsNoMailForEachRequestAtSaturation() {
    var model = SlotSharingModel(workers: 2, connections: 4, requests: 1004)
    for _ in 0..<4 { model.take(.arrival(1)) }
    for _ in 0..<1000 {
      model.take(.arrival(0))
      for worker in 0..<2 where !model.workers[worker].mail.isEmpty {
        model.take(.delivery(worker))
      }
    }
    #expect(model.waiting == 1000 && model.rounds == 1)
  }

  @Test func asksAgainAfterAPause() {
    let start = Instant(nanoseconds: 0)
    var appeal = SlotAppeal()
    #expect(appeal.asks(waiting: 5, now: start) == 5)
    #expect(appeal.asks(waiting: 6, now: start) == nil)
    appeal.ended(unmet: 0, now: start)
    #expect(appeal.asks(waiting: 1, now: start) == 1)
    appeal.ended(unmet: 1, now: start)
    #expect(appeal.asks(waiting: 2, now: start.advanced(by: SlotAppeal.pause / 2)) == nil)
    #expect(appeal.asks(waiting: 2, now: start.advanced(by: SlotAppeal.pause)) == 2)
  }

  /// Whoever waited was served during the round, and others parked since: that it found nothing says
  /// nothing of now.
  @Test func aRoundThatIsOutdatedProvesNothing() {
    let start = Instant(nanoseconds: 0)
    var appeal = SlotAppeal()
    #expect(appeal.asks(waiting: 1, now: start) == 1)
    appeal.nobodyWaits()
    #expect(appeal.asks(waiting: 1, now: start) == nil)
    appeal.ended(unmet: 1, now: start)
    #expect(appeal.asks(waiting: 1, now: start) == 1)
    appeal.ended(unmet: 1, now: start)
    appeal.nobodyWaits()
    #expect(appeal.asks(waiting: 1, now: start) == 1)
  }
}
