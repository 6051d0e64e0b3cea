import DataPath
import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

// Settings as they were read, in the machines' terms.

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

extension ShadowPolicies {
  init(_ settings: UpstreamConfiguration) {
    self = []
    if settings.limitsMode == .shadow { formUnion([.requests, .connections]) }
    if settings.adaptiveMode == .shadow { insert(ShadowPolicies(.adaptiveConcurrency)) }
    if settings.sheddingMode == .shadow { insert(ShadowPolicies(.shedding)) }
    if settings.outlierMode == .shadow { insert(ShadowPolicies(.outlierDetection)) }
  }
}

extension OutcomeClassifier {
  init(_ settings: BreakerSettings?) {
    guard let settings else {
      self.init()
      return
    }
    self.init(
      statuses: StatusSet(settings.failureStatuses),
      grpcStatuses: settings.failureGRPCStatuses.map { UInt8($0.code) })
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

extension ConcurrencyPolicy {
  init(_ settings: AdaptiveSettings) {
    self.init(
      minimum: settings.concurrencyMin, maximum: settings.concurrencyMax,
      buffer: settings.buffer, interval: settings.interval)
  }
}

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

extension HedgePolicy {
  init(_ settings: HedgeSettings) {
    self.init(
      percentile: settings.percentile, minimumDelay: settings.delayMin, budget: settings.budget)
  }
}

extension FaultPlan {
  init(_ settings: FaultSettings) {
    self.init(
      delay: settings.delay?.duration ?? .zero, delayShare: settings.delay?.share ?? .zero,
      abortStatus: UInt16(clamping: settings.abort?.status ?? 503),
      abortShare: settings.abort?.share ?? .zero, resetShare: settings.resetShare ?? .zero,
      bytesPerSecond: UInt64(clamping: settings.bandwidth?.bytesPerSecond ?? 1),
      bandwidthShare: settings.bandwidth?.share ?? .zero)
  }
}

extension RoutePolicy.Faults {
  init(_ settings: FaultSettings) {
    self.init(
      plan: FaultPlan(settings),
      fields: settings.headers.map {
        (FieldKey($0.name), $0.value == "*" ? nil : Array($0.value.utf8))
      })
  }
}

extension RequestPriority {
  init(_ named: RequestClass) {
    switch named {
    case .critical: self = .critical
    case .high: self = .high
    case .normal: self = .normal
    case .low: self = .low
    }
  }
}

extension RequestKey {
  init(_ source: BalancingConfiguration.HashSource) {
    switch source {
    case .header(let name): self = .header(FieldKey(name))
    case .cookie(let name): self = .cookie(Array(name.utf8))
    case .source: self = .source
    case .path: self = .path
    }
  }
}

extension BalancingSettings {
  /// `zones`: the number of each zone's name.
  init(_ settings: BalancingConfiguration, ownZone: UInt8?) {
    self.init(
      policy: BalancingPolicy(rawValue: settings.policy.rawValue) ?? .roundRobin,
      slowStart: settings.slowStart, panicThreshold: settings.panicThreshold, ownZone: ownZone,
      zoneEndpointsMin: settings.zoneEndpointsMin,
      boundedLoadPercent: settings.boundedLoadBasisPoints.map { $0 / 100 },
      ringPointsMin: settings.ringSize)
  }
}

extension HealthCheckPolicy {
  init(_ settings: HealthCheckSettings) {
    self.init(
      interval: settings.interval, jitter: settings.jitter, timeout: settings.timeout,
      healthy: settings.healthyThreshold, unhealthy: settings.unhealthyThreshold)
  }
}

extension HealthQuestion {
  init(_ settings: HealthCheckSettings) {
    self.init(
      path: settings.path, host: settings.host, port: settings.port.map { UInt16(clamping: $0) },
      statuses: settings.statuses.map {
        UInt16(clamping: $0.lowerBound)...UInt16(clamping: $0.upperBound)
      })
  }
}
