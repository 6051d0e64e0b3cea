import Primitives
import Testing
import Upstreams

/// Slow start beside work in flight: an endpoint that is new and idle is not given more for that.
///
/// The kind: a key that is accepted and does nothing. Every policy that takes `slow_start` is here.
struct SlowStartTests {
  /// A closed world in virtual time: requests come by chance, and each lasts as long as its endpoint
  /// takes.
  private struct World {
    var random: RandomSource
    var balancer: Balancer
    var now: Int64 = 0
    var underWay: [(end: Int64, index: Int, took: Int64)] = []
    let took: [Int64]

    init(_ settings: BalancingSettings, _ traits: [EndpointTraits], took: [Int64], seed: UInt64) {
      random = RandomSource(seed: seed)
      self.took = took
      balancer = Balancer(
        settings: settings,
        endpoints: traits.enumerated().map {
          BalancerEndpoint("e\($0.offset)", traits: $0.element)
        }, now: Instant(nanoseconds: 0), random: &random)
    }

    /// The picks of each endpoint until `end`, at `rate` requests a second.
    mutating func run(until end: Int64, rate: Int64) -> [Int] {
      var counts = [Int](repeating: 0, count: took.count)
      while now < end {
        now += Int64(random.below(UInt32(2_000_000_000 / rate)))
        for done in underWay where done.end <= now {
          balancer.ended(
            done.index, nanoseconds: done.took, isFailure: false,
            now: Instant(nanoseconds: done.end))
        }
        underWay.removeAll { $0.end <= now }
        let pick = balancer.pick(
          PickRequest(), now: Instant(nanoseconds: now), random: &random)
        guard let index = pick?.index else { continue }
        counts[index] += 1
        balancer.began(index)
        // Within a fifth, so that averages differ.
        let time = took[index] / 10 * 9 + Int64(random.below(UInt32(took[index] / 5)))
        underWay.append((now + time, index, time))
      }
      return counts
    }
  }

  /// The new endpoint's requests over an even share of them, at 10, 15, 35, 65 and 100 % of its
  /// warm-up of 40 s. Light load and heavy.
  @Test(
    arguments: [BalancingPolicy.roundRobin, .leastRequest, .peakEwma, .random],
    [(2, 100), (3, 100), (3, 1500), (8, 1500)] as [(Int, Int64)])
  func aNewEndpointsShareGrows(policy: BalancingPolicy, load: (count: Int, rate: Int64)) {
    var settings = BalancingSettings(policy: policy)
    settings.slowStart = .seconds(40)
    let traits = (0..<load.count).map {
      EndpointTraits(joinedAt: $0 == 0 ? Instant(nanoseconds: 0) : nil)
    }
    var world = World(
      settings, traits, took: [Int64](repeating: 8_000_000, count: load.count), seed: 5)
    var shares: [Double] = []
    for (from, to) in [(0, 4), (4, 8), (12, 16), (24, 28), (44, 52)] as [(Int64, Int64)] {
      _ = world.run(until: from * 1_000_000_000, rate: load.rate)
      let counts = world.run(until: to * 1_000_000_000, rate: load.rate)
      let all = Double(counts.reduce(0, +))
      shares.append(Double(counts[0]) / all * Double(load.count))
    }
    let what = "\(policy), \(load): \(shares)"
    #expect(shares[0] > 0.03 && shares[0] < 0.3, "\(what)")
    #expect(shares[1] > 0.07 && shares[1] < 0.45, "\(what)")
    #expect(shares[2] > 0.15 && shares[2] < 0.75, "\(what)")
    #expect(shares[3] > 0.4 && shares[3] < 1.05, "\(what)")
    #expect(shares[4] > 0.8 && shares[4] < 1.2, "\(what)")
  }

  /// Several new ones beside one that is warm do not take turns with each other for what is its.
  @Test(arguments: [BalancingPolicy.roundRobin, .leastRequest, .peakEwma, .random])
  func severalNewOnesShareLittle(policy: BalancingPolicy) {
    var settings = BalancingSettings(policy: policy)
    settings.slowStart = .seconds(100)
    let traits = (0..<3).map {
      EndpointTraits(joinedAt: $0 == 0 ? nil : Instant(nanoseconds: 0))
    }
    var world = World(
      settings, traits, took: [2_000_000, 2_000_000, 2_000_000], seed: 6)
    let counts = world.run(until: 5_000_000_000, rate: 300)
    let share = Double(counts[1] + counts[2]) / Double(counts.reduce(0, +))
    #expect(share > 0.08 && share < 0.3, "\(policy): \(counts)")
  }

  /// A group that is new as a whole shares out as if it were warm, work in flight or not.
  @Test(arguments: [BalancingPolicy.leastRequest, .peakEwma])
  func allNewOnesShareEvenly(policy: BalancingPolicy) {
    var settings = BalancingSettings(policy: policy)
    settings.slowStart = .seconds(100)
    let traits = (0..<3).map { _ in EndpointTraits(joinedAt: Instant(nanoseconds: 0)) }
    var world = World(
      settings, traits, took: [8_000_000, 8_000_000, 8_000_000], seed: 7)
    let counts = world.run(until: 5_000_000_000, rate: 1000)
    let even = counts.reduce(0, +) / 3
    #expect(counts.allSatisfy { abs($0 - even) < even / 8 }, "\(policy): \(counts)")
  }
}
