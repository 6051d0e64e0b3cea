import Primitives
import Testing
import Upstreams

/// How picks are spread: counted over many, against what the rules say in numbers.
struct BalancerShareTests {
  private let start = Instant(nanoseconds: 0)

  private func balancer(
    _ settings: BalancingSettings, _ traits: [EndpointTraits], _ random: inout RandomSource
  ) -> Balancer {
    Balancer(
      settings: settings,
      endpoints: traits.enumerated().map { BalancerEndpoint("e\($0.offset)", traits: $0.element) },
      now: start, random: &random)
  }

  private func counts(
    _ balancer: inout Balancer, _ picks: Int, at now: Instant = Instant(nanoseconds: 0),
    _ random: inout RandomSource, by group: (Pick) -> Int = { $0.index }
  ) -> [Int: Int] {
    var counts: [Int: Int] = [:]
    for _ in 0..<picks {
      let request = PickRequest(hash: random.next())
      guard let pick = balancer.pick(request, now: now, random: &random) else { continue }
      counts[group(pick), default: 0] += 1
    }
    return counts
  }

  /// Five standard deviations of a count of `picks` draws at `share`, and a little.
  private func isNear(_ count: Int?, _ share: Double, of picks: Int) -> Bool {
    let deviation = (Double(picks) * share * (1 - share)).squareRoot()
    return abs(Double(count ?? 0) - share * Double(picks)) <= 5 * deviation + 1
  }

  @Test(arguments: [BalancingPolicy.random, .leastRequest, .roundRobin], [1, 2, 3] as [UInt64])
  func weightsAreRespected(policy: BalancingPolicy, seed: UInt64) {
    var random = RandomSource(seed: seed)
    let weights: [UInt32] =
      seed == 1 ? [1, 10, 3, 1000, 250, 7, 90, 90] : [13, 9, 9, 8, 7, 4, 3, 2, 1]
    var balancer = balancer(
      BalancingSettings(policy: policy), weights.map { EndpointTraits(weight: $0) }, &random)
    let picks = 40_000
    let found = counts(&balancer, picks, &random)
    let total = Double(weights.reduce(0, +))
    for (index, weight) in weights.enumerated() {
      let share = Double(weight) / total
      #expect(isNear(found[index], share, of: picks), "\(policy) \(index): \(found), seed \(seed)")
      guard policy == .roundRobin else { continue }
      let expected = share * Double(picks)
      #expect(abs(Double(found[index] ?? 0) - expected) <= 3, "\(index): \(found), seed \(seed)")
    }
  }

  /// Two random ones of four with one busy: it is never taken; with latencies, the slow one is not.
  @Test func theBetterOfTwoIsTaken() {
    var random = RandomSource(seed: 4)
    let traits = [EndpointTraits](repeating: EndpointTraits(), count: 4)
    var byLatency = balancer(BalancingSettings(policy: .peakEwma), traits, &random)
    for index in 0..<4 {
      byLatency.began(index)
      byLatency.ended(
        index, nanoseconds: index == 2 ? 90_000_000 : 40_000_000, isFailure: false, now: start)
    }
    let found = counts(&byLatency, 3000, &random)
    #expect(found[2] == nil)
    #expect(isNear(found[0], 1.0 / 3, of: 3000) && isNear(found[3], 1.0 / 3, of: 3000))
  }

  /// A failure is blended in, so that one in a thousand does not drown what latencies say.
  @Test func aFailureCostsItsShare() {
    var random = RandomSource(seed: 5)
    var balancer = balancer(BalancingSettings(policy: .peakEwma), [EndpointTraits()], &random)
    balancer.began(0)
    let later = start.advanced(by: .milliseconds(1))
    balancer.ended(0, nanoseconds: 100_000, isFailure: true, now: later)
    // 30 ms decayed for 1 ms of 10 s, and a ten-thousandth of 5 s.
    #expect(abs(balancer.latencyNanoseconds(0, now: later) - 30_497_000) < 1000)
  }

  @Test(arguments: [2, 4, 6, 9, 12]) func zonesSpillInProportion(own: Int) {
    var random = RandomSource(seed: UInt64(own))
    let zones =
      [UInt8](repeating: 0, count: own) + [UInt8](repeating: 1, count: 6)
      + [UInt8](repeating: 2, count: 12)
    var balancer = balancer(
      BalancingSettings(policy: .random, ownZone: 0), zones.map { EndpointTraits(zone: $0) },
      &random)
    let picks = 30_000
    let found = counts(&balancer, picks, &random) { pick in Int(zones[pick.index]) }
    // A third of the callers is in each zone; whoever has more endpoints than that takes the rest.
    let all = Double(own + 18)
    let third = all / 3
    let local = min(1, Double(own) / third)
    let surplus = [max(0, 6 - third), max(0, 12 - third)]
    let sum = max(surplus[0] + surplus[1], 1e-9)
    #expect(isNear(found[0], local, of: picks), "\(found)")
    for zone in 0..<2 {
      #expect(isNear(found[zone + 1], (1 - local) * surplus[zone] / sum, of: picks), "\(found)")
    }
  }

  /// With fewer than `zoneEndpointsMin`, 6 by default, zones are not looked at.
  @Test(arguments: [5, 6]) func fewEndpointsHaveNoZones(count: Int) {
    var random = RandomSource(seed: 6)
    var balancer = balancer(
      BalancingSettings(policy: .random, ownZone: 0),
      (0..<count).map { EndpointTraits(zone: UInt8($0 % 2)) }, &random)
    let found = counts(&balancer, 1000, &random) { $0.zone == .any ? 0 : 1 }
    #expect(found[count < 6 ? 0 : 1] == 1000)
  }

  /// (well of P0, well of P1, of 100 each) → load of P0 in percent; Envoy's documentation has these.
  @Test(arguments: [
    (100, 100, 100), (72, 100, 100), (50, 100, 70), (25, 100, 35), (0, 100, 0), (71, 71, 99),
    (25, 25, 50),
  ]) func prioritiesFailOver(first: Int, second: Int, percent: Int) {
    var random = RandomSource(seed: 7)
    var balancer = balancer(
      BalancingSettings(policy: .random),
      (0..<200).map { EndpointTraits(priority: $0 < 100 ? 0 : 1) }, &random)
    var well = EndpointSet(capacity: 200, isFull: false)
    for index in 0..<first { well.insert(index) }
    for index in 0..<second { well.insert(100 + index) }
    balancer.setAvailable(
      well: well, admitted: EndpointSet(capacity: 200, isFull: true), now: start, random: &random)
    let picks = 20_000
    let found = counts(&balancer, picks, &random) { Int($0.priority) }
    let share = first == 71 ? 0.994 : Double(percent) / 100
    #expect(isNear(found[0], share, of: picks), "\(found)")
  }

  /// Panic overrides health, never a breaker.
  @Test func panicKeepsToTheBreakers() {
    var random = RandomSource(seed: 8)
    let traits = [EndpointTraits](repeating: EndpointTraits(), count: 10)
    var balancer = balancer(BalancingSettings(), traits, &random)
    var well = EndpointSet(capacity: 10, isFull: false)
    for index in 0..<4 { well.insert(index) }
    var admitted = EndpointSet(capacity: 10, isFull: true)
    admitted.remove(0)
    admitted.remove(9)
    balancer.setAvailable(well: well, admitted: admitted, now: start, random: &random)
    let found = counts(&balancer, 800, &random)
    #expect(found.keys.sorted() == Array(1...8))
    let picked = balancer.pick(PickRequest(), now: start, random: &random)
    #expect(picked?.isPanic == true)
    well.insert(5)
    well.insert(6)
    balancer.setAvailable(well: well, admitted: admitted, now: start, random: &random)
    #expect(counts(&balancer, 800, &random).keys.sorted() == [1, 2, 3, 5, 6])
  }

  @Test(arguments: [BalancingPolicy.roundRobin, .random, .leastRequest, .peakEwma])
  func aNewEndpointStartsSlowly(policy: BalancingPolicy) {
    var random = RandomSource(seed: 9)
    var settings = BalancingSettings(policy: policy)
    settings.slowStart = .seconds(100)
    let traits =
      [EndpointTraits](repeating: EndpointTraits(), count: 9) + [EndpointTraits(joinedAt: start)]
    var balancer = balancer(settings, traits, &random)
    let picks = 20_000
    for (age, factor) in [(0, 0.1), (5, 0.1), (30, 0.3), (60, 0.6), (100, 1), (500, 1)] {
      let now = start.advanced(by: .seconds(age))
      let found = counts(&balancer, picks, at: now, &random)
      #expect(isNear(found[9], factor / (9 + factor), of: picks), "\(age) s: \(found)")
    }
  }

  /// Nobody is slow when all are new, and nobody at the proxy's own start.
  @Test(arguments: [nil, Instant(nanoseconds: 0)])
  func aNewUpstreamSharesEvenly(joined: Instant?) {
    var random = RandomSource(seed: 10)
    var settings = BalancingSettings()
    settings.slowStart = .seconds(100)
    let traits = (0..<4).map { EndpointTraits(joinedAt: $0 < 4 ? joined : nil) }
    var balancer = balancer(settings, traits, &random)
    let found = counts(&balancer, 4000, &random)
    #expect(found.values.allSatisfy { (990...1010).contains($0) }, "\(found)")
  }

  @Test func subsetsArePickedByMetadata() throws {
    var random = RandomSource(seed: 11)
    func pair(_ key: String, _ value: String) -> SubsetTable.Pair { .init(key: key, value: value) }
    let table = SubsetTable(
      selectors: [["version"], ["stage", "version"]],
      metadata: [
        [pair("version", "1")], [pair("version", "2"), pair("stage", "b")],
        [pair("stage", "b"), pair("version", "2"), pair("x", "y")], [],
      ])
    var balancer = balancer(
      BalancingSettings(), table.memberships.map { EndpointTraits(subsets: $0) }, &random)
    for (pairs, members) in [
      ([pair("version", "1")], [0]), ([pair("version", "2")], [1, 2]),
      ([pair("version", "2"), pair("stage", "b")], [1, 2]),
    ] {
      let id = try #require(table.id(of: pairs))
      let picked = (0..<20).compactMap { _ in
        balancer.pick(PickRequest(subset: id), now: start, random: &random)?.index
      }
      #expect(Set(picked).sorted() == members && picked.count == 20)
    }
    #expect(table.id(of: [pair("stage", "b")]) == nil)
    #expect(balancer.pick(PickRequest(subset: 99), now: start, random: &random) == nil)
  }
}
