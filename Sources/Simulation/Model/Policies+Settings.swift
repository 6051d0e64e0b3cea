import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

// Settings as they were read, in the machines' terms.

extension RetryPolicy {
  init(_ settings: RetrySettings) {
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

extension CircuitBreakerPolicy {
  init(_ settings: BreakerSettings) {
    self.init()
    failureRate = settings.failureRate
    slowCall = settings.slowCall
    slowCallRate = settings.slowCallRate
    switch settings.window {
    case .time(let duration): window = .time(duration)
    case .calls(let count): window = .calls(count)
    }
    minimumCalls = settings.callsMin
    consecutiveFailures = settings.consecutiveFailures
    openFor = settings.openFor
    openForMax = settings.openForMax
    halfOpenCalls = settings.halfOpenCalls
    recovery = settings.recovery ?? .zero
    switch settings.mode {
    case .enforced: mode = .enforced
    case .shadow: mode = .shadow
    case .disabled: mode = .disabled
    }
  }
}

extension OutcomeClassifier {
  /// Nil: that of an upstream without a breaker.
  init(_ settings: BreakerSettings?) {
    if let settings {
      self.init(statuses: StatusSet(settings.failureStatuses))
    } else {
      self.init()
    }
  }
}

extension OutlierPolicy {
  init(_ settings: OutlierSettings) {
    self.init()
    consecutive5xx = settings.consecutive5xx
    consecutiveGatewayFailures = settings.consecutiveGatewayFailures
    consecutiveLocalOriginFailures = settings.consecutiveLocalOriginFailures
    interval = settings.interval
    baseEjection = settings.ejectionBase
    maxEjection = settings.ejectionMax
    maxEjected = settings.ejectedMax
    successRate = settings.successRate.map {
      var rate = SuccessRate()
      rate.minimumEndpoints = $0.endpointsMin
      rate.minimumCalls = $0.callsMin
      rate.deviations = Double($0.deviationsBasisPoints) / 10_000
      return rate
    }
    failurePercentage = settings.failurePercentage.map {
      var rule = FailurePercentage()
      rule.threshold = $0.threshold
      rule.minimumEndpoints = $0.endpointsMin
      rule.minimumCalls = $0.callsMin
      return rule
    }
    latency = settings.latency.map {
      var rule = Latency()
      rule.factor = $0.factor
      rule.floor = $0.floor
      rule.minimumEndpoints = $0.endpointsMin
      rule.minimumCalls = $0.callsMin
      return rule
    }
  }
}

extension BalancingSettings {
  init(_ settings: BalancingConfiguration) {
    self.init(
      policy: BalancingPolicy(rawValue: settings.policy.rawValue) ?? .roundRobin,
      slowStart: settings.slowStart, panicThreshold: settings.panicThreshold,
      zoneEndpointsMin: settings.zoneEndpointsMin,
      boundedLoadPercent: settings.boundedLoadBasisPoints.map { $0 / 100 },
      ringPointsMin: settings.ringSize)
  }
}
