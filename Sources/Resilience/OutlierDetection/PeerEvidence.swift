/// What an attempt says about its endpoint, compared with the endpoint's peers on the same route.
package enum PeerEvidence: Sendable, Equatable {
  /// It did not fail.
  case none
  /// It failed, and its peers do not fail so: that speaks against the endpoint.
  case against
  /// It failed as its peers fail on this route: that says nothing against the endpoint.
  case alike
  /// It failed as its peers fail, and the endpoint fails most of what it is asked: the service is
  /// failing as a whole. That says nothing against one of them, but a breaker may open.
  case failingService

  /// The outlier detector does not hear of it.
  package var isExcusedFromEjection: Bool { self == .alike || self == .failingService }
  /// The endpoint's breaker does not count it.
  package var isExcusedFromBreaker: Bool { self == .alike }
}
