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
  /// The list that `origins` speaks of.
  package let numberBefore: UInt64
  /// Where each endpoint stood in the list before; -1: nowhere.
  package let origins: [Int32]
  /// The places of `origins` that are not their own: who came, and who was moved.
  package let changes: [Int32]

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
    let origins = Self.places(of: keys, in: before?.keys ?? [])
    self.origins = origins
    changes = origins.indices.lazy.filter { origins[$0] != Int32($0) }.map { Int32($0) }
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

  /// Where each of `keys` stands in `before`; -1: nowhere. A key that occurs twice is found once.
  package static func places(of keys: [UInt64], in before: [UInt64]) -> [Int32] {
    var origins = [Int32](repeating: -1, count: keys.count)
    // Most lists differ in a few places, and stand alike up to the first and from the last of them.
    var start = 0
    while start < min(keys.count, before.count), keys[start] == before[start] {
      origins[start] = Int32(start)
      start += 1
    }
    var end = 0
    while end < min(keys.count, before.count) - start,
      keys[keys.count - 1 - end] == before[before.count - 1 - end]
    {
      origins[keys.count - 1 - end] = Int32(before.count - 1 - end)
      end += 1
    }
    guard start < keys.count - end, start < before.count - end else { return origins }
    var places: [UInt64: Int32] = [:]
    for place in (start..<before.count - end).reversed() { places[before[place]] = Int32(place) }
    for place in start..<keys.count - end {
      if let found = places.removeValue(forKey: keys[place]) { origins[place] = found }
    }
    return origins
  }
}
