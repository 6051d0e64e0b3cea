import Primitives
import ProxyConfiguration

/// One look at a proxy: its `/upstreams` and `/routes`, and when.
///
/// A value; reading one costs time linear in the endpoints.
package struct TopSample: Sendable {
  struct Route: Sendable {
    var row: TopRow
    /// How many requests took at most so many microseconds, by bucket, not added up; the last bound
    /// is nil.
    var durations: [(most: Int?, count: Int)]
  }

  let at: Instant
  private(set) var routes: [Route] = []
  /// Upstreams, each followed by its endpoints.
  private(set) var others: [TopRow] = []

  /// Nil: the texts are not what a proxy of this version answers.
  package init?(upstreams: String, routes: String, at: Instant) {
    guard let upstreams = JSONValue.read(Array(upstreams.utf8)),
      let list = JSONValue.read(Array(routes.utf8)), case .object = upstreams, case .list = list
    else { return nil }
    self.at = at
    for (name, upstream) in upstreams.members {
      others.append(Self.upstream(name, upstream))
      for endpoint in upstream["endpoints"]?.items ?? [] {
        others.append(Self.endpoint(endpoint, of: name))
      }
    }
    self.routes = list.items.map(Self.route).filter { $0.row.requests > 0 }
  }

  private static func route(_ value: JSONValue) -> Route {
    let name = "\(value["listener"]?.string ?? "")/\(value["route"]?.string ?? "")"
    var row = TopRow(.route, name)
    row.upstream = (value["upstreams"]?.items ?? []).compactMap(\.string).joined(separator: ",")
    fill(&row, value)
    return Route(
      row: row,
      durations: (value["durations"]?.items ?? []).map {
        ($0["le_us"]?.integer, $0["count"]?.integer ?? 0)
      })
  }

  private static func upstream(_ name: String, _ value: JSONValue) -> TopRow {
    var row = TopRow(.upstream, name)
    fill(&row, value)
    let breaker = value["circuit_breaker"]
    row.state = value["panic"]?.string == "true" ? "panic" : breaker?["state"]?.string ?? ""
    row.reason = breaker?["opened"]?["evidence"]?.string ?? ""
    let endpoints = value["endpoints"]?.items ?? []
    row.inFlight = endpoints.reduce(0) { $0 + ($1["in_flight"]?.integer ?? 0) }
    row.connections = endpoints.reduce(0) { $0 + ($1["connections"]?.integer ?? 0) }
    return row
  }

  private static func endpoint(_ value: JSONValue, of upstream: String) -> TopRow {
    var row = TopRow(.endpoint, value["address"]?.string ?? "")
    row.upstream = upstream
    fill(&row, value)
    row.state = value["standing"]?.string ?? ""
    row.reason = value["reason"]?.string ?? ""
    row.inFlight = value["in_flight"]?.integer
    row.connections = value["connections"]?.integer
    if let error = value["last_error"], let reason = error["reason"]?.string {
      row.lastError = "\(reason) \((error["ago_ms"]?.integer ?? 0) / 1000)s ago"
    }
    return row
  }

  private static func fill(_ row: inout TopRow, _ value: JSONValue) {
    // An upstream's `requests` is a limit.
    row.requests = (value["requests_total"] ?? value["requests"])?.integer ?? 0
    row.errors = (value["errors_total"] ?? value["errors"])?.integer ?? 0
    row.p50 = value["p50_us"]?.integer
    row.p99 = value["p99_us"]?.integer
  }

  // MARK: Two looks

  /// The rows at this look, with rates since `before`. What was not there then has been counted from
  /// nothing; what began anew in between, as an endpoint that left and returned, too.
  package func rows(since before: TopSample) -> [TopRow] {
    let seconds = max(Double(at.nanoseconds(since: before.at)) / 1e9, 0.001)
    var known: [String: TopRow] = [:]
    for row in before.others + before.routes.map(\.row) { known[row.identity] = row }
    func rated(_ row: TopRow) -> TopRow {
      var row = row
      let old = known[row.identity]
      func rate(_ new: Int, _ old: Int?) -> Double {
        Double(new >= old ?? 0 ? new - (old ?? 0) : new) / seconds
      }
      row.requestsPerSecond = rate(row.requests, old?.requests)
      row.errorsPerSecond = rate(row.errors, old?.errors)
      return row
    }
    let earlier = Dictionary(before.routes.map { ($0.row.identity, $0.durations) }) { $1 }
    let ratedRoutes = routes.map { route in
      var row = rated(route.row)
      let old = earlier[route.row.identity]
      let counts = route.durations.enumerated().map { index, bucket in
        let least = old.map { index < $0.count ? $0[index].count : 0 } ?? 0
        return (most: bucket.most, count: max(bucket.count - least, 0))
      }
      row.p50 = Self.quantile(0.5, counts)
      row.p99 = Self.quantile(0.99, counts)
      return row
    }
    return ratedRoutes + others.map(rated)
  }

  /// The bound of the bucket in which that share is reached: what it took at most. Nil: nothing was
  /// counted.
  static func quantile(_ share: Double, _ counts: [(most: Int?, count: Int)]) -> Int? {
    let total = counts.reduce(0) { $0 + $1.count }
    guard total > 0 else { return nil }
    let rank = max(Int((Double(total) * share).rounded(.up)), 1)
    var seen = 0
    var last = 0
    for (most, count) in counts {
      // The bucket above all bounds has none of its own.
      last = most ?? last
      seen += count
      if seen >= rank { break }
    }
    return last
  }
}
