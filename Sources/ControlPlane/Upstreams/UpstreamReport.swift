import DataPath
import Primitives
import Resilience
import Upstreams

/// An upstream for `/upstreams` and for screens: what workers count, and what they share.
package struct UpstreamReport: Sendable {
  package struct Endpoint: Sendable {
    package var counts: UpstreamView.Endpoint
    package var condition = EndpointCondition.available
    /// Nil: nobody checks it.
    package var isHealthy: Bool?
    /// What the last change of its health was for.
    package var healthCause: String?
    package var ejection: (cause: OutlierDetector.Cause, forNanoseconds: Int64)?
    /// Nanoseconds that half of the recent attempts took at most, and 99 of 100; nil: there were none
    /// of late.
    package var p50: Int64?
    package var p99: Int64?
    package var breaker: CircuitBreaker.Figures?
    package var weight = 1
    package var zone: String?
    package var priority = 0
  }

  package struct Limit: Sendable {
    package var name: String
    package var used: Int
    package var most: Int
  }

  package struct Adaptive: Sendable {
    package var limit: Int
    package var inFlight: Int
    /// How long a request takes without a queue; 0 while that is not known.
    package var unqueuedNanoseconds: Int64
  }

  package struct Budget: Sendable {
    package var requests: Int
    package var retries: Int
    package var retriesMax: Int
  }

  package var name: String
  package var now: Instant
  package var endpoints: [Endpoint]
  /// So few endpoints are available that all are asked.
  package var isPanicking = false
  package var breaker: CircuitBreaker.Figures?
  /// The breakers of routes that lead to it, by `listener/route`.
  package var routeBreakers: [(route: String, figures: CircuitBreaker.Figures)] = []
  package var limits: [Limit] = []
  package var adaptive: Adaptive?
  package var budget: Budget?
  /// How often policies in shadow would have acted.
  package var shadows: [(policy: ShadowPolicy, count: Int)] = []
  package var isOutlierShadow = false
  package var unresolved: [String] = []
  /// Attempts at all endpoints, those that failed, and how long the recent ones took.
  package var tally = EndpointTally()
}
