import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

/// The route and the upstream of one edge, as the machines take them. Times in nanoseconds, `.max`:
/// none.
struct EdgePolicy: Sendable {
  enum Fallback: Sendable, Equatable {
    /// A fixed answer, and whether it is a good one.
    case answer(isGood: Bool)
    /// Another edge of the same caller.
    case edge(Int)
  }

  // MARK: Of the route

  var timeout: Int64
  /// Nil: nothing is tried again.
  var retry: RetryPolicy?
  var perTryTimeout: Int64
  var hedge: HedgePolicy?
  var rateLimits: [RateLimitPolicy]
  var routeBreaker: CircuitBreakerPolicy?
  var routeClassifier: OutcomeClassifier
  /// An upstream's edge is put in by the plan's builder.
  var fallback: Fallback?

  // MARK: Of the upstream

  var connectTimeout: Int64
  var pendingTimeout: Int64
  var connectionsMax: Int
  var pendingMax: Int
  var requestsMax: Int
  var budgetRatio: Share
  var budgetMinimum: Int
  var breaker: CircuitBreakerPolicy?
  var classifier: OutcomeClassifier
  var endpointBreaker: CircuitBreakerPolicy?
  var endpointClassifier: OutcomeClassifier
  var outliers: OutlierPolicy?
  var adaptive: ConcurrencyPolicy?
  /// Lower classes are refused before the limits are full.
  var sheds: Bool
  var balancing: BalancingSettings
  /// Nil: waiting requests are served in turn.
  var queue: QueuePolicy?
  var health: HealthCheckPolicy?

  init(route: RouteConfiguration, upstream: UpstreamConfiguration) {
    timeout = route.timeout?.nanosecondsClamped ?? .max
    retry = route.retry
    perTryTimeout = retry?.perTryNanoseconds ?? .max
    hedge = route.hedge
    // What is in shadow refuses nothing.
    rateLimits = route.rateLimits.filter { $0.mode == .enforced }.map(\.policy)
    routeBreaker = route.circuitBreaker?.policy
    routeClassifier = route.circuitBreaker?.classifier ?? OutcomeClassifier()
    if case .respond(let status, _, _)? = route.fallback {
      fallback = .answer(isGood: status < 400)
    }
    connectTimeout = upstream.connectTimeout.nanosecondsClamped
    pendingTimeout = upstream.pendingTimeout.nanosecondsClamped
    let holdsLimits = upstream.limitsMode == .enforced
    connectionsMax = holdsLimits ? upstream.connectionsMax : 1_000_000
    pendingMax = upstream.pendingMax
    requestsMax = holdsLimits ? upstream.requestsMax : 1_000_000
    budgetRatio = upstream.retryBudget.ratio
    budgetMinimum = upstream.retryBudget.retriesMin
    breaker = upstream.circuitBreaker?.policy
    classifier = upstream.classifier
    endpointBreaker = upstream.endpointCircuitBreaker?.policy
    endpointClassifier = upstream.endpointClassifier
    outliers = upstream.outlierMode == .enforced ? upstream.outlierDetection : nil
    adaptive = upstream.adaptiveMode == .enforced ? upstream.adaptiveConcurrency : nil
    sheds = upstream.sheddingMode == .enforced
    balancing = upstream.balancing.settings
    queue = upstream.pendingTarget.map {
      QueuePolicy(target: $0, interval: upstream.pendingInterval)
    }
    health = upstream.healthCheck?.policy
  }

  var isRetrying: Bool { retry?.isRetrying ?? false }
  /// Whether anybody asks how long attempts take.
  var isDigesting: Bool { hedge != nil || timeout != .max }
  /// Whether who may be picked can change by itself.
  var isWatchingEndpoints: Bool { endpointBreaker != nil || outliers != nil }
}
