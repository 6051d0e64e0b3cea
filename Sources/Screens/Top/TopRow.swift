import ProxyConfiguration

/// A route, an upstream or an endpoint between two looks at the proxy.
package struct TopRow: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case route, upstream, endpoint
  }

  package var kind: Kind
  /// `listener/route`, the upstream's name, or the endpoint's address.
  package var name: String
  /// Whose endpoint it is, or where the route leads.
  package var upstream = ""
  /// `available`, `ejected 14.8 s`; of an upstream that of its breaker; empty for a route.
  package var state = ""
  /// Why it stands so.
  package var reason = ""
  /// Since the start of the proxy, or of the endpoint's time in the mesh.
  package var requests = 0
  package var errors = 0
  /// Between the two looks.
  package var requestsPerSecond = 0.0
  package var errorsPerSecond = 0.0
  /// Microseconds; nil: nothing was measured of late.
  package var p50: Int?
  package var p99: Int?
  package var inFlight: Int?
  package var connections: Int?
  /// `connect_refused 2.1 s ago`.
  package var lastError = ""

  package init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  /// What tells it from all others.
  var identity: String { "\(kind.rawValue) \(upstream) \(name)" }

  /// The share of its requests that failed between the two looks, 0 to 1; nil: there were none.
  package var errorShare: Double? {
    requestsPerSecond > 0 ? min(errorsPerSecond / requestsPerSecond, 1) : nil
  }

  /// It is in trouble now: it fails, or it may not be used as usual.
  package var isTroubled: Bool {
    errorsPerSecond > 0 || !["", "-", "available", "closed"].contains(state)
  }

  package var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("kind", .text(kind.rawValue)), ("name", .text(name)), ("upstream", .text(upstream)),
      ("state", .text(state)), ("reason", .text(reason)), ("requests", .number(requests)),
      ("errors", .number(errors)),
      ("requests_per_second", .decimal((requestsPerSecond * 1000).rounded() / 1000)),
      ("errors_per_second", .decimal((errorsPerSecond * 1000).rounded() / 1000)),
    ]
    for (name, value) in [
      ("p50_us", p50), ("p99_us", p99), ("in_flight", inFlight), ("connections", connections),
    ] {
      if let value { members.append((name, .number(value))) }
    }
    if !lastError.isEmpty { members.append(("last_error", .text(lastError))) }
    return .object(members)
  }
}
