import Primitives

/// Picks an endpoint by index. One per worker and upstream, so that no two workers share a line of
/// memory; a value that is told everything.
///
/// Cost: round robin of equal weights O(1), of unequal ones O(log n) (earliest deadline first, as
/// Envoy does it); least request O(1). With endpoints unavailable, a pick skips at most the
/// unavailable ones it meets, never more than all once.
package struct Balancer: Sendable {
  private let policy: BalancingPolicy
  private let weights: [UInt32]
  private let isWeighted: Bool
  private var cursor: Int
  private var schedule: DeadlineSchedule

  /// `weights`: one an endpoint, 1 or more. The random start keeps workers from moving in step.
  package init(policy: BalancingPolicy, weights: [UInt32], random: inout RandomSource) {
    self.policy = policy
    self.weights = weights
    isWeighted = weights.contains { $0 != weights.first }
    cursor = weights.isEmpty ? 0 : Int(random.below(UInt32(weights.count)))
    schedule = DeadlineSchedule(weights: isWeighted && policy == .roundRobin ? weights : [])
  }

  /// An available endpoint, or nil when there is none. `active`: requests in flight at each.
  package mutating func pick(
    available: EndpointSet, active: [Int32], random: inout RandomSource
  ) -> Int? {
    guard available.count > 0 else { return nil }
    switch policy {
    case .roundRobin:
      if isWeighted { return schedule.next(available) }
      guard let index = available.first(from: cursor) else { return nil }
      cursor = index + 1 == weights.count ? 0 : index + 1
      return index
    case .leastRequest:
      return pickLeast(available, active, &random)
    }
  }

  private func pickLeast(
    _ available: EndpointSet, _ active: [Int32], _ random: inout RandomSource
  ) -> Int? {
    let count = UInt32(weights.count)
    guard let one = available.first(from: Int(random.below(count))),
      var two = available.first(from: Int(random.below(count)))
    else { return nil }
    // Two distinct ones where there are two, else the pair says nothing about load.
    if one == two, available.count > 1 {
      two = available.first(from: one + 1 == weights.count ? 0 : one + 1) ?? one
    }
    // (active + 1) / weight, compared without division.
    let first = UInt64(active[one] + 1) * UInt64(weights[two])
    let second = UInt64(active[two] + 1) * UInt64(weights[one])
    if first == second { return random.below(2) == 0 ? one : two }
    return first < second ? one : two
  }
}
