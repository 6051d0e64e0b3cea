import Primitives
import Resilience
import Upstreams

/// An upstream for `/upstreams`: what workers count, and what they share.
struct UpstreamReport: Sendable {
  struct Endpoint: Sendable {
    var counts: UpstreamView.Endpoint
    var condition = EndpointCondition.available
    /// Nil: nobody checks it.
    var isHealthy: Bool?
    /// What the last change of its health was for.
    var healthCause: String?
    var ejection: (cause: OutlierDetector.Cause, forNanoseconds: Int64)?
    var breaker: CircuitBreaker.Figures?
    var weight = 1
    var zone: String?
    var priority = 0
  }

  struct Limit: Sendable {
    var name: String
    var used: Int
    var most: Int
  }

  struct Adaptive: Sendable {
    var limit: Int
    var inFlight: Int
    var fastestNanoseconds: Int64
  }

  struct Budget: Sendable {
    var requests: Int
    var retries: Int
    var retriesMax: Int
  }

  var name: String
  var now: Instant
  var endpoints: [Endpoint]
  var breaker: CircuitBreaker.Figures?
  /// Of routes that lead to it, by `listener/route`.
  var routeBreakers: [(route: String, figures: CircuitBreaker.Figures)] = []
  var limits: [Limit] = []
  var adaptive: Adaptive?
  var budget: Budget?
  var unresolved: [String] = []
}
