import Primitives
import Testing
import Upstreams

/// The machines of an upstream, without a socket.
struct MachineTests {
  private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

  @Test func poolGivesTheLastBackAndLearns() {
    var pool = IdlePool(policy: PoolPolicy(idle: .seconds(4), ageMax: .seconds(60), idleMax: 2))
    #expect(pool.checkIn(1, openedAt: at(0), now: at(1)) == .park(until: at(5)))
    #expect(pool.checkIn(2, openedAt: at(0), now: at(1)) == .park(until: at(5)))
    #expect(pool.checkIn(3, openedAt: at(0), now: at(1)) == .close)
    #expect(pool.checkOut(now: at(2)) == 2)
    #expect(pool.checkOut(now: at(6)) == nil)
    pool.closedByPeer(1, now: at(2))
    // It was closed after a second of idleness: a fifth of that is kept as a margin.
    #expect(pool.trustNanoseconds(at(2)) == 800_000_000)
    #expect(pool.checkIn(4, openedAt: at(0), now: at(61)) == .close)
  }

  @Test func queueIsFirstComeFirstServed() {
    var queue = PendingQueue()
    let tickets = (0..<4).map { _ in queue.push() }
    queue.cancel(tickets[1])
    #expect(
      [queue.pop(), queue.pop(), queue.pop(), queue.pop()] == [
        tickets[0], tickets[2], tickets[3], nil,
      ])
  }

  @Test func roundRobinKeepsToTheWeights() {
    var random = RandomSource(seed: 1)
    let weights: [UInt32] = [5, 1, 2]
    var balancer = Balancer(policy: .roundRobin, weights: weights, random: &random)
    var counts = [0, 0, 0]
    let all = EndpointSet(capacity: 3, isFull: true)
    for _ in 0..<800 {
      if let pick = balancer.pick(available: all, active: [0, 0, 0], random: &random) {
        counts[pick] += 1
      }
    }
    #expect(counts[0] == 500 || abs(counts[0] - 500) <= 1)
    #expect(abs(counts[1] - 100) <= 1)
    #expect(counts.reduce(0, +) == 800)
  }

  @Test func leastRequestAvoidsTheBusy() {
    var random = RandomSource(seed: 2)
    var balancer = Balancer(policy: .leastRequest, weights: [1, 1], random: &random)
    let all = EndpointSet(capacity: 2, isFull: true)
    for _ in 0..<100 {
      #expect(balancer.pick(available: all, active: [10, 0], random: &random) == 1)
    }
    #expect(
      balancer.pick(
        available: EndpointSet(capacity: 2, isFull: false), active: [0, 0], random: &random)
        == nil)
  }

  @Test func limitsAreExact() {
    let limits = ResourceLimits(connectionsMax: 2, pendingMax: 0, requestsMax: 1)
    #expect(limits.acquire(.connections) && limits.acquire(.connections))
    #expect(!limits.acquire(.connections))
    #expect(!limits.acquire(.pending))
    limits.release(.connections)
    #expect(limits.acquire(.connections))
  }
}
