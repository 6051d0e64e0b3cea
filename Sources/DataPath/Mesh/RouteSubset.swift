import Upstreams

/// The subset of endpoints that a route picks from, as each of its upstreams numbers it.
///
/// A number belongs to one plan: a request that waited, or is tried again, over a reload asks the
/// plan that is there now. Immutable.
package final class RouteSubset: Sendable {
  private let pairs: [SubsetTable.Pair]
  /// By position among the route's upstreams; nil: all of its endpoints.
  private let known: [(plan: UpstreamPlan, number: Int)?]

  /// `plans`: of each of the route's upstreams; nil: all of its endpoints will do.
  package init(_ pairs: [SubsetTable.Pair], of plans: [UpstreamPlan?]) {
    self.pairs = pairs
    known = plans.map { plan in plan.map { ($0, $0.subset(pairs)) } }
  }

  /// In `plan`, which is that of the upstream at `position`, now. Cost: a comparison; a hash for
  /// requests that are older than the plan.
  func number(at position: Int, in plan: UpstreamPlan) -> Int? {
    guard let entry = known[position] else { return nil }
    return entry.plan === plan ? entry.number : plan.subset(pairs)
  }
}
