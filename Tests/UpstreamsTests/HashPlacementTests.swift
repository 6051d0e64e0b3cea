import Primitives
import Testing
import Upstreams

/// Where keys fall: agreed between proxies, by weight, and little moved when an endpoint leaves.
struct HashPlacementTests {
  private static let policies = [BalancingPolicy.ringHash, .maglev]
  private let now = Instant(nanoseconds: 0)

  private func endpoints(_ count: Int, weight: (Int) -> UInt32 = { _ in 1 }) -> [BalancerEndpoint] {
    (0..<count).map {
      BalancerEndpoint("10.1.0.\($0):8080", traits: EndpointTraits(weight: weight($0)))
    }
  }

  /// The endpoint's key for each of 20,000 request keys.
  private func homes(
    _ policy: BalancingPolicy, _ endpoints: [BalancerEndpoint], well: EndpointSet? = nil,
    seed: UInt64 = 1
  ) -> [UInt64] {
    var random = RandomSource(seed: seed)
    var balancer = Balancer(
      settings: BalancingSettings(policy: policy), endpoints: endpoints, now: now, random: &random)
    if let well {
      balancer.setAvailable(
        well: well, admitted: EndpointSet(capacity: endpoints.count, isFull: true), now: now,
        random: &random)
    }
    return (0..<20_000).map { number in
      let request = PickRequest(hash: KeyHash.of("patient-\(number)"))
      return balancer.pick(request, now: now, random: &random).map { balancer.key($0.index) } ?? 0
    }
  }

  @Test(arguments: policies) func proxiesAgree(policy: BalancingPolicy) {
    let list = endpoints(20) { UInt32(1 + $0 % 5) }
    #expect(homes(policy, list) == homes(policy, list.reversed(), seed: 2))
  }

  @Test(arguments: policies) func keysFallByWeight(policy: BalancingPolicy) {
    let list = endpoints(10) { $0 == 0 ? 8 : $0 < 5 ? 1 : 2 }
    let found = homes(policy, list)
    for endpoint in list {
      let share = Double(found.count { $0 == endpoint.key }) / 20_000
      let expected = Double(endpoint.traits.weight) / 22
      // A ring of some 50 points a weight is off by a seventh in the mean; a table hardly is.
      let most = policy == .maglev ? 0.15 : 0.5
      #expect(abs(share - expected) <= most * expected, "\(share), not \(expected)")
    }
  }

  /// Who leaves takes its own keys along; of the others', a table moves few and a ring none.
  @Test(arguments: policies, [3, 10, 50]) func oneLeaveMovesLittle(
    policy: BalancingPolicy, count: Int
  ) {
    let all = endpoints(count)
    let before = homes(policy, all)
    for gone in [0, count / 2, count - 1] {
      let after = homes(policy, all.filter { $0.key != all[gone].key })
      let others = zip(before, after).count { $0 != $1 && $0 != all[gone].key }
      let bound = policy == .maglev ? 20_000 / 20 : isPowerKept(count) ? 0 : 20_000 / 4
      #expect(others <= bound, "\(others) keys of others moved")
    }
  }

  /// Whether the ring has the same points for each, with one endpoint fewer: 1024 divided by either
  /// count comes, rounded up to a power of two, to the same.
  private func isPowerKept(_ count: Int) -> Bool {
    func points(_ count: Int) -> Int {
      var points = 1
      while points * count < 1024 { points *= 2 }
      return points
    }
    return points(count) == points(count - 1)
  }

  /// Bad health moves the keys of the sick one only, and spreads them.
  @Test(arguments: policies) func sicknessMovesOnlyItsOwn(policy: BalancingPolicy) {
    let list = endpoints(10)
    let before = homes(policy, list)
    var well = EndpointSet(capacity: 10, isFull: true)
    well.remove(3)
    let after = homes(policy, list, well: well)
    var heirs: Set<UInt64> = []
    for (old, new) in zip(before, after) {
      #expect(old == new || old == list[3].key)
      if old != new { heirs.insert(new) }
    }
    #expect(heirs.count == 9)
  }

  /// With all requests for one key, the bound of 150 % spreads them over all.
  @Test(arguments: policies) func aHotKeySpills(policy: BalancingPolicy) {
    var random = RandomSource(seed: 3)
    var balancer = Balancer(
      settings: BalancingSettings(policy: policy, boundedLoadPercent: 150),
      endpoints: endpoints(10), now: now, random: &random)
    var reasons: Set<Pick.Reason> = []
    for total in 0..<1000 {
      guard let pick = balancer.pick(PickRequest(hash: 42), now: now, random: &random) else {
        return
      }
      reasons.insert(pick.reason)
      balancer.began(pick.index)
      #expect(balancer.active(pick.index) <= (15 * (total + 1) + 99) / 100)
    }
    #expect(reasons == [.hash, .hashOverloaded])
  }

  @Test func aRingIsSmallPerEndpoint() {
    let list = endpoints(2000)
    let placement = HashPlacement(BalancingSettings(policy: .ringHash), list)
    #expect(placement.byteCount / 2000 <= 512)
    let table = HashPlacement(BalancingSettings(policy: .maglev), list)
    #expect(table.byteCount == 4 * 65_537)
  }
}
