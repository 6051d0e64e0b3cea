import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

/// The route and the upstream of one edge, as the machines take them. Times in nanoseconds, `.max`:
/// none.
struct EdgePolicy: Sendable {
  var timeout: Int64
  var connectTimeout: Int64
  var pendingTimeout: Int64
  var connectionsMax: Int
  var pendingMax: Int
  var requestsMax: Int
  /// Nil: nothing is tried again.
  var retry: RetryPolicy?
  var perTryTimeout: Int64
  var budgetRatio: Share
  var budgetMinimum: Int
  var hedge: HedgePolicy?
  var adaptive: ConcurrencyPolicy?
  var rateLimits: [RateLimitPolicy]
  var balancing: Upstreams.BalancingSettings
  /// Nil: waiting requests are served in turn.
  var queue: QueuePolicy?
  var health: HealthCheckPolicy?
  var fallback: Fallback?

  enum Fallback: Sendable, Equatable {
    /// An answer, and whether it is a good one.
    case answer(isGood: Bool)
    /// An edge from the same caller; the plan's builder knows which.
    case edge(Int)
  }

  init(route: RouteConfiguration, upstream: UpstreamConfiguration) {
    timeout = route.timeout?.nanosecondsClamped ?? .max
    connectTimeout = upstream.connectTimeout.nanosecondsClamped
    pendingTimeout = upstream.pendingTimeout.nanosecondsClamped
    connectionsMax = upstream.connectionsMax
    pendingMax = upstream.pendingMax
    requestsMax = upstream.requestsMax
    retry = route.retry.map { RetryPolicy($0) }
    perTryTimeout = retry?.perTryNanoseconds ?? .max
    budgetRatio = upstream.retryBudget.ratio
    budgetMinimum = upstream.retryBudget.retriesMin
    hedge = route.hedge.map {
      HedgePolicy(percentile: $0.percentile, minimumDelay: $0.delayMin, budget: $0.budget)
    }
    adaptive = upstream.adaptiveConcurrency.map {
      ConcurrencyPolicy(
        minimum: $0.concurrencyMin, maximum: $0.concurrencyMax, percentile: $0.percentile,
        buffer: $0.buffer, interval: $0.interval)
    }
    rateLimits = route.rateLimits.map {
      RateLimitPolicy(requests: $0.requests, per: $0.period, burst: $0.burst)
    }
    balancing = Upstreams.BalancingSettings(upstream.balancing)
    queue = upstream.pendingTarget.map {
      QueuePolicy(target: $0, interval: upstream.pendingInterval)
    }
    health = upstream.healthCheck.map {
      HealthCheckPolicy(
        interval: $0.interval, jitter: $0.jitter, timeout: $0.timeout,
        healthy: $0.healthyThreshold, unhealthy: $0.unhealthyThreshold)
    }
    if case .respond(let status, _, _)? = route.fallback {
      fallback = .answer(isGood: status < 400)
    }
  }

  var isRetrying: Bool { retry?.isRetrying ?? false }
  /// Whether there may be more than one attempt.
  var isRepeating: Bool { isRetrying || hedge != nil }
  /// Whether anybody asks how long attempts take.
  var isDigesting: Bool { hedge != nil || timeout != .max }
}

extension RetryPolicy {
  fileprivate init(_ settings: RetrySettings) {
    self.init(
      attempts: settings.attempts,
      conditions: RetryConditions(
        settings.conditions.compactMap { RetryCondition(name: $0.text) }),
      perTryTimeout: settings.perTryTimeout,
      backoff: Backoff(base: settings.backoffBase, max: settings.backoffMax),
      retryAfterMax: settings.retryAfterMax,
      isNonIdempotentAllowed: settings.retriesNonIdempotent,
      isIdempotencyKeyHonoured: settings.honoursIdempotencyKey,
      bodyBytesMax: settings.bodyBytesMax)
  }
}

extension Upstreams.BalancingSettings {
  fileprivate init(_ settings: ProxyConfiguration.BalancingSettings) {
    self.init(
      policy: BalancingPolicy(rawValue: settings.policy.rawValue) ?? .roundRobin,
      slowStart: settings.slowStart, panicThreshold: settings.panicThreshold,
      zoneEndpointsMin: settings.zoneEndpointsMin,
      boundedLoadPercent: settings.boundedLoadBasisPoints.map { $0 / 100 },
      ringPointsMin: settings.ringSize)
  }
}
