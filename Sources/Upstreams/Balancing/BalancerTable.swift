import Primitives

/// What the balancers of all workers know of one list of endpoints: made once, off the workers, and
/// shared by them.
///
/// It tells where each endpoint stood in the list before, so that a worker which goes by that takes
/// over what it knows of them place by place, and looks nothing up. Immutable. Cost: O(n log n); a
/// hashed policy's placement is the largest part of it.
package final class BalancerTable: Sendable {
  package let endpoints: [BalancerEndpoint]
  let keys: [UInt64]
  let weights: [UInt32]
  /// `Int64.min`: was there from the start.
  let joins: [Int64]
  let roster: Roster
  let placement: HashPlacement
  /// What a request in flight counts for at each: the mean weight over its own.
  let burdens: [Float]
  /// All weights are the same.
  let isEven: Bool
  /// Draws among all endpoints of each level, for workers that find all of them eligible.
  let draws: DrawTable
  /// Its number among the lists of its upstream, from 1 on; 0: it has none, and follows no other.
  package let number: UInt64
  /// The list that `difference` speaks of.
  package let numberBefore: UInt64
  package let difference: EndpointDifference

  /// `before`: the list that this one takes the place of. `placement`: made of the same settings and
  /// endpoints, when the policy is a hashed one; nil: it is made here, where it cannot be taken over.
  package init(
    _ endpoints: [BalancerEndpoint], _ settings: BalancingSettings, placement: HashPlacement? = nil,
    after before: BalancerTable? = nil, number: UInt64 = 0
  ) {
    self.endpoints = endpoints
    keys = endpoints.map(\.key)
    weights = endpoints.map(\.traits.weight)
    joins = endpoints.map { $0.traits.joinedAt?.nanoseconds ?? .min }
    let isHashed = settings.policy.isHashed
    self.placement =
      isHashed ? placement ?? HashPlacement(settings, endpoints) : HashPlacement()
    roster = Roster(endpoints, ownZone: isHashed ? nil : settings.ownZone)
    let weights = weights
    let isEven = !weights.contains { $0 != weights[0] }
    self.isEven = isEven
    let mean =
      Double(weights.reduce(0) { $0 + UInt64($1) }) / Double(max(weights.count, 1))
    burdens = weights.map { Float(mean / Double($0)) }
    draws = Self.draws(roster, weights, settings, isDrawn: !isEven && Self.draws(settings))
    self.number = number
    numberBefore = before?.number ?? 0
    difference = EndpointDifference(of: keys, from: before?.keys ?? [])
  }

  /// The policy draws by weight.
  private static func draws(_ settings: BalancingSettings) -> Bool {
    settings.policy != .roundRobin && !settings.policy.isHashed
  }

  private static func draws(
    _ roster: Roster, _ weights: [UInt32], _ settings: BalancingSettings, isDrawn: Bool
  ) -> DrawTable {
    guard isDrawn else { return DrawTable(room: 0) }
    var draws = DrawTable(room: roster.entries.count)
    for level in roster.levels {
      let segments = roster.segments[level.segmentStart..<level.segmentStart + level.segmentCount]
      let isZoned = level.isZoned(settings, ownCount: segments.first?.count ?? 0)
      for segment in isZoned
        ? segments : [Roster.Segment(start: level.start, count: level.count)]
      where segment.count > 0 {
        draws.fill(roster.entries, start: segment.start, count: segment.count, weights: weights)
      }
    }
    return draws
  }
}
