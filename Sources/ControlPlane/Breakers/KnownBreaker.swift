import DataPath
import Primitives
import Resilience
import Upstreams

/// A breaker of the mesh as it stands, by the names that operators call it by.
struct KnownBreaker: Sendable {
  var scope: BreakerScope
  /// Where it leads; a route may lead to several.
  var upstreams: [String]
  /// The upstream's name, the endpoint's address, or `listener/route`.
  var subject: String
  var breaker: CircuitBreaker
  /// The mode of the configuration.
  var configured: CircuitBreakerPolicy.Mode
  /// Whom the changes of an endpoint's breaker are told; nil: it is not an endpoint's.
  var availability: Availability?

  /// A route's name alone will do.
  func isCalled(_ name: String) -> Bool {
    subject == name || (scope == .route && subject.hasSuffix("/" + name))
  }
}
