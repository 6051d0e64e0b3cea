/// What a breaker stands before.
package enum BreakerScope: String, CaseIterable, Sendable {
  case route, upstream, endpoint

  /// Behind the failure's name, in answers and logs.
  var detail: StaticString {
    switch self {
    case .route: "route"
    case .upstream: "upstream"
    case .endpoint: "all_endpoints"
    }
  }
}
