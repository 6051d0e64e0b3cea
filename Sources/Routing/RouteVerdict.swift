/// What a `RouteTable` says of a request.
package enum RouteVerdict: Equatable, Sendable {
  /// The position of the first route that takes it.
  case matched(Int)
  /// No route takes it.
  case none
  /// A regular expression that comes before any route found was given up for its limits. Whether
  /// it takes the request is not known, so no later route may: it could be the one that denies.
  case gaveUp
}
