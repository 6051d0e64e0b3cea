import Primitives

/// How much of the load each zone of an upstream gets from callers in one zone.
///
/// Envoy's rule (load_balancing/zone_aware): if our zone's share of the endpoints is at least its
/// share of the callers, all stays local. If not, the part that our endpoints can carry stays, and
/// the rest spills over to the zones that have more than their callers need, in proportion to
/// that surplus. So each endpoint gets the same in sum, and as little as can be leaves the zone.
package enum ZoneShares {
  /// `weights`: of the eligible endpoints of each zone, our own first, at least one of it above 0.
  /// `callersOwn`: the share of the callers that is in our zone, the others spread evenly; nil: all
  /// are spread evenly. Returns each zone's share of our load, of 1.
  package static func of(_ weights: [UInt64], callersOwn: Share?) -> [Double] {
    let total = weights.reduce(0.0) { $0 + Double($1) }
    let own = callersOwn?.fraction ?? 1 / Double(weights.count)
    let other = weights.count > 1 ? (1 - own) / Double(weights.count - 1) : 0
    let local = Double(weights[0]) / total
    var shares = [Double](repeating: 0, count: weights.count)
    guard local < own else {
      shares[0] = 1
      return shares
    }
    shares[0] = local / own
    let surplus = weights.dropFirst().map { max(0, Double($0) / total - other) }
    let surplusTotal = surplus.reduce(0, +)
    for (index, amount) in surplus.enumerated() {
      shares[index + 1] = (1 - shares[0]) * amount / surplusTotal
    }
    return shares
  }
}
