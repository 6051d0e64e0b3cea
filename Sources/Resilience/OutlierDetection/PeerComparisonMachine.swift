import Primitives

/// Says of each failure whether it speaks against the endpoint, by how the other endpoints fare on
/// the same route (`PeerEvidence`).
///
/// Why: a route that fails at every endpoint alike (a bug, a dead dependency) says nothing against
/// one of them; counted all the same, it has healthy endpoints ejected, and their breakers opened,
/// for all other routes too.
///
/// A failure weighs `ln q / ln 5 %`, held to 0...1, where `q` is the share of failures that the
/// other endpoints had on the route of late. So a row of failures is believed when it is as
/// unlikely among such peers as a row of that length is where one call in twenty fails: where the
/// others fail half of the time a failure weighs a quarter, and five count after twenty-two in a
/// row; where they always fail it weighs nothing. Weights add up per endpoint, and each whole one is
/// a failure that counts, so that who is told needs whole failures only.
///
/// `q` is the greater of two averages, over some 4 calls an endpoint and over some 32: the first
/// sees at once that a route has broken, the second does not take a lucky streak for a good route.
/// Both fade with time, to a half in 15 s. Without a peer's call on the route nothing can be
/// compared, and a failure counts.
///
/// Where an endpoint fails at least half of all its calls of the last seconds, on whatever route, it
/// is no bad route that fails but the service. Then too nobody is the outlier; but a breaker has
/// nothing to lose by opening.
///
/// Bounded: `routesMax` routes, each with every endpoint; the one unused for longest makes room.
/// Memory: 40 bytes an endpoint and route. Cost: O(1), no allocation but for a route that is new.
/// Pure: `now` is passed in. Confinement: its owner; `PeerComparison` shares one.
package struct PeerComparisonMachine: Sendable {
  package static let routesMax = 64
  /// At this share of failures, and below it, a failure counts whole.
  static let ordinaryShare = 0.05
  static let halfLifeNanoseconds: Int64 = 15_000_000_000

  /// The same for the share of all calls: the time in which a service is seen to fail.
  static let totalHalfLifeNanoseconds: Int64 = 4_000_000_000

  let endpointCount: Int
  private(set) var routes: [Route] = []
  /// Weight of each endpoint's failures that has not become a whole one.
  private var credits: [Double]
  /// Each endpoint's calls of the last seconds, on all routes.
  private var totals: [Total]
  private var lastUsed = 0

  package init(endpointCount: Int) {
    self.endpointCount = endpointCount
    credits = [Double](repeating: 0, count: endpointCount)
    totals = [Total](repeating: Total(), count: endpointCount)
  }

  /// The same for another list of endpoints (`PeerComparison.following`).
  package func following(_ origins: [Int32]) -> PeerComparisonMachine {
    var next = PeerComparisonMachine(endpointCount: origins.count)
    for (place, origin) in origins.enumerated() where origin >= 0 {
      next.credits[place] = credits[Int(origin)]
      next.totals[place] = totals[Int(origin)]
    }
    next.routes = routes.map { $0.following(origins) }
    return next
  }

  /// Counts an attempt of `route` at `endpoint`, a number below `endpointCount`.
  package mutating func record(
    _ endpoint: Int, route key: UInt64, isFailure: Bool, now: Instant
  ) -> PeerEvidence {
    guard endpoint < endpointCount, endpoint >= 0 else { return isFailure ? .against : .none }
    totals[endpoint].add(isFailure, now)
    let place = place(of: key)
    routes[place].fade(
      endpoint, to: Int32(truncatingIfNeeded: now.nanoseconds / Self.halfLifeNanoseconds))
    guard isFailure else {
      routes[place].add(endpoint, isFailure: false)
      return .none
    }
    let weight = Self.weight(routes[place].shareOfPeers(endpoint))
    routes[place].add(endpoint, isFailure: true)
    // A little more, as sums of weights are not exact.
    credits[endpoint] += weight + 1e-9
    guard credits[endpoint] >= 1 else {
      return totals[endpoint].isFailing ? .failingService : .alike
    }
    credits[endpoint] -= 1
    return .against
  }

  /// `share` nil: there is nobody to compare with.
  static func weight(_ share: Double?) -> Double {
    guard let share, share > ordinaryShare else { return 1 }
    return share >= 1 ? 0 : share.naturalLogarithm / ordinaryShare.naturalLogarithm
  }

  /// Where the route's counts are; a look along at most `routesMax` keys, the last one first.
  private mutating func place(of key: UInt64) -> Int {
    if lastUsed < routes.count, routes[lastUsed].key == key { return lastUsed }
    let place = routes.firstIndex { $0.key == key } ?? makeRoom(for: key)
    lastUsed = place
    return place
  }

  private mutating func makeRoom(for key: UInt64) -> Int {
    let fresh = Route(key: key, endpointCount: endpointCount)
    guard routes.count == Self.routesMax else {
      routes.append(fresh)
      return routes.count - 1
    }
    let oldest = routes.indices.min { routes[$0].epoch < routes[$1].epoch } ?? 0
    routes[oldest] = fresh
    return oldest
  }
}
