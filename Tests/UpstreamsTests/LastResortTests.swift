import Primitives
import Testing
import Upstreams

/// Before an endpoint that has just failed a request is asked again, one that is ejected is.
struct LastResortTests {
  private let now = Instant(nanoseconds: 0)

  private func balancer(
    _ policy: BalancingPolicy, _ traits: [EndpointTraits], _ random: inout RandomSource
  ) -> Balancer {
    var settings = BalancingSettings(policy: policy, panicThreshold: .zero)
    settings.maglevSlots = 251
    return Balancer(
      settings: settings,
      endpoints: traits.enumerated().map { BalancerEndpoint("e\($0.offset)", traits: $0.element) },
      now: now, random: &random)
  }

  private func set(_ members: [Int], of count: Int) -> EndpointSet {
    var set = EndpointSet(capacity: count, isFull: false)
    for member in members { set.insert(member) }
    return set
  }

  private func order(_ balancer: inout Balancer, _ random: inout RandomSource) -> [Pick] {
    var request = PickRequest(hash: random.next())
    var picks: [Pick] = []
    for _ in 0..<balancer.count {
      guard let pick = balancer.pick(request, now: now, random: &random) else { break }
      picks.append(pick)
      request.tried.insert(balancer.key(pick.index))
    }
    return picks
  }

  /// Five endpoints: 0 and 1 are well, 2 is ejected, 3 is unhealthy, 4's breaker is open.
  @Test(arguments: BalancingPolicy.allCases, [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func theEjectedComeBeforeTheUnhealthy(policy: BalancingPolicy, seed: UInt64) {
    var random = RandomSource(seed: seed)
    var balancer = balancer(policy, (0..<5).map { _ in EndpointTraits() }, &random)
    balancer.setAvailable(
      well: set([0, 1, 4], of: 5), admitted: set([0, 1, 2, 3], of: 5),
      healthy: set([0, 1, 2, 4], of: 5), now: now, random: &random)
    let picks = order(&balancer, &random)
    #expect(Set(picks.prefix(2).map(\.index)) == [0, 1])
    #expect(picks.dropFirst(2).prefix(2).map(\.index) == [2, 3], "\(picks)")
    #expect(
      picks.dropFirst(2).prefix(2).allSatisfy { $0.reason == .lastResort && $0.isElsewhere })
    // All that may be asked have been: one of the well ones again, never the open breaker's.
    #expect(picks.count == 5 && [0, 1].contains(picks[4].index), "\(picks)")
  }

  /// Another priority's well endpoints come first, a subset keeps to itself.
  @Test func otherPrioritiesComeFirstAndSubsetsKeepToThemselves() {
    var random = RandomSource(seed: 1)
    var balancer = balancer(
      .roundRobin,
      [
        EndpointTraits(subsets: [0]), EndpointTraits(subsets: [0]), EndpointTraits(priority: 1),
      ], &random)
    balancer.setAvailable(
      well: set([0, 2], of: 3), admitted: set([0, 1, 2], of: 3), healthy: set([0, 1, 2], of: 3),
      now: now, random: &random)
    let last = order(&balancer, &random).last?.index
    #expect(last == 1)
    var request = PickRequest(subset: 0)
    request.tried.insert(balancer.key(0))
    let second = balancer.pick(request, now: now, random: &random)?.index
    request.tried.insert(balancer.key(1))
    let third = balancer.pick(request, now: now, random: &random)?.index
    #expect(second == 1 && third == 0)
  }

  /// A hedge is better not made.
  @Test func aHedgeAsksNoLastResort() {
    var random = RandomSource(seed: 1)
    var balancer = balancer(.leastRequest, [EndpointTraits(), EndpointTraits()], &random)
    balancer.setAvailable(
      well: set([0], of: 2), admitted: set([0, 1], of: 2), healthy: set([0, 1], of: 2), now: now,
      random: &random)
    var request = PickRequest()
    request.tried.insert(balancer.key(0))
    request.asksLastResort = false
    let pick = balancer.pick(request, now: now, random: &random)
    #expect(pick?.index == 0)
  }
}
