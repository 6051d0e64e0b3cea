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
    let tickets = (0..<4).map { queue.push(now: at(Double($0))) }
    queue.cancel(tickets[1], now: at(5))
    let turns = (0..<4).map { _ in queue.pop(now: at(600)) }
    #expect(turns == [.serve(tickets[0]), .serve(tickets[2]), .serve(tickets[3]), nil])
  }

  private func balancer(
    _ policy: BalancingPolicy, _ weights: [UInt32], _ random: inout RandomSource
  ) -> Balancer {
    Balancer(
      settings: BalancingSettings(policy: policy),
      endpoints: weights.enumerated().map {
        BalancerEndpoint("e\($0.offset)", traits: EndpointTraits(weight: $0.element))
      }, now: at(0), random: &random)
  }

  @Test func roundRobinKeepsToTheWeights() {
    var random = RandomSource(seed: 1)
    var balancer = balancer(.roundRobin, [5, 1, 2], &random)
    var counts = [0, 0, 0]
    for _ in 0..<800 {
      if let pick = balancer.pick(PickRequest(), now: at(0), random: &random) {
        counts[pick.index] += 1
      }
    }
    #expect(abs(counts[0] - 500) <= 1)
    #expect(abs(counts[1] - 100) <= 1)
    #expect(counts.reduce(0, +) == 800)
  }

  @Test func leastRequestAvoidsTheBusy() {
    var random = RandomSource(seed: 2)
    var balancer = balancer(.leastRequest, [1, 1], &random)
    for _ in 0..<10 { balancer.began(0) }
    for _ in 0..<100 {
      let pick = balancer.pick(PickRequest(), now: at(0), random: &random)
      #expect(pick?.index == 1 && pick?.reason == .leastOfTwo)
    }
    let all = EndpointSet(capacity: 2, isFull: true)
    let none = EndpointSet(capacity: 2, isFull: false)
    balancer.setAvailable(well: all, admitted: none, now: at(0), random: &random)
    #expect(balancer.pick(PickRequest(), now: at(0), random: &random) == nil)
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
