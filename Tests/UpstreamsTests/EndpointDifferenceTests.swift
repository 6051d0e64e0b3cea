import Primitives
import Testing
import WeirTesting

@testable import Upstreams

/// What leads from one list of endpoints to the next, and that balancers which go by it know what those
/// know that look every endpoint up.
struct EndpointDifferenceTests {
  @Test func tellsWhoStayedWhoMovedAndWhoLeft() {
    let difference = EndpointDifference(of: [5, 1, 3, 9], from: [1, 2, 3, 9, 7])
    #expect(difference.origins == [-1, 0, 2, 3])
    #expect(difference.changes == [0, 1])
    #expect(difference.left == [1, 4])
  }

  @Test func isEmptyWhereNothingChanged() {
    let difference = EndpointDifference(of: [1, 2, 3], from: [1, 2, 3])
    #expect(difference.changes.isEmpty && difference.left.isEmpty)
  }

  /// An address that stands twice is one endpoint that was there and one that is new.
  @Test func findsAKeyOnce() {
    let difference = EndpointDifference(of: [4, 4, 8], from: [8, 4])
    #expect(difference.origins.filter { $0 == 1 }.count == 1)
    #expect(difference.origins.filter { $0 == -1 }.count == 1)
  }

  /// Drawn lists: each origin holds the same key, each old place is used once or has left.
  @Test(arguments: 1...40) func holdsForDrawnLists(seed: Int) {
    var random = RandomSource(seed: UInt64(seed))
    var before: [UInt64] = []
    for _ in 0..<50 {
      var next = before
      for _ in 0..<random.below(4) {
        if !next.isEmpty, random.below(2) == 0 {
          next.remove(at: Int(random.below(UInt32(next.count))))
        } else {
          next.insert(
            UInt64(random.below(60)), at: Int(random.below(UInt32(next.count + 1))))
        }
      }
      let difference = EndpointDifference(of: next, from: before)
      var used: Set<Int32> = Set(difference.left)
      #expect(used.count == difference.left.count)
      for (place, origin) in difference.origins.enumerated() where origin >= 0 {
        #expect(next[place] == before[Int(origin)])
        #expect(used.insert(origin).inserted, "a place is one endpoint's")
      }
      #expect(used.count == before.count)
      #expect(
        difference.changes
          == next.indices.filter { difference.origins[$0] != Int32($0) }.map(Int32.init))
      before = next
    }
  }

  /// A balancer that follows its table's difference, and one that has missed a table and looks up by key,
  /// hold the same loads at the same places.
  @Test(arguments: BalancingPolicy.allCases) func followersKnowWhatOthersKnow(
    policy: BalancingPolicy
  ) {
    var settings = BalancingSettings()
    settings.policy = policy
    var random = RandomSource(seed: 7)
    let now = Instant(nanoseconds: 1)
    var endpoints = (0..<40).map { number in
      BalancerEndpoint(
        "10.0.0.\(number):80", traits: EndpointTraits(weight: UInt32(1 + number % 3)))
    }
    var table = BalancerTable(endpoints, settings, number: 1)
    var follower = Balancer(settings: settings, endpoints: [], now: now, random: &random)
    var other = follower
    _ = follower.adopt(table, settings: settings, now: now)
    _ = other.adopt(table, settings: settings, now: now)
    for round in 0..<30 {
      let full = EndpointSet(capacity: endpoints.count, isFull: true)
      follower.setAvailable(well: full, admitted: full, now: now, random: &random)
      other.setAvailable(well: full, admitted: full, now: now, random: &random)
      let busy = Int(random.below(UInt32(endpoints.count)))
      follower.began(busy)
      other.began(busy)
      endpoints.remove(at: Int(random.below(UInt32(endpoints.count))))
      endpoints.insert(
        BalancerEndpoint("10.0.1.\(round):80"), at: Int(random.below(UInt32(endpoints.count))))
      table = BalancerTable(endpoints, settings, after: table, number: UInt64(round) + 2)
      _ = follower.adopt(table, settings: settings, now: now)
      // Without a number: it follows nothing.
      _ = other.adopt(BalancerTable(endpoints, settings), settings: settings, now: now)
      #expect(endpoints.indices.map(follower.active) == endpoints.indices.map(other.active))
      #expect(follower.loads.map(\.weight) == other.loads.map(\.weight))
      #expect(follower.loads.map(\.burden) == other.loads.map(\.burden))
      #expect(follower.loads.map(\.weight) == endpoints.map(\.traits.weight))
    }
  }
}
