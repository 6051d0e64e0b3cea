import Primitives
import ProxyConfiguration
import Resilience
import Testing
import Upstreams

/// What a policy is when its section is empty, and what there is when it is left out.
struct SettingsDefaultTests {
  private func read(route: String = "", upstream: String = "") throws -> Configuration {
    let text = """
      listeners:
        - name: a
          address: 127.0.0.1:80
          routes: [{ match: {}, upstream: u\(route.isEmpty ? "" : ", " + route) }]
        - { name: b, address: 127.0.0.1:81, routes: [{ match: {}, upstream: v }] }
      upstreams:
        u: { endpoints: [127.0.0.1:1, 127.0.0.1:2]\(upstream.isEmpty ? "" : ", " + upstream) }
        v: { endpoints: [127.0.0.1:3] }
      """
    return try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
  }

  private func route(_ text: String = "") throws -> RouteConfiguration {
    try read(route: text).listeners[0].routes[0]
  }

  private func upstream(_ text: String = "") throws -> UpstreamConfiguration {
    try read(upstream: text).upstreams[0]
  }

  @Test func nothingIsOnThatWasNotAskedFor() throws {
    let configuration = try read()
    #expect(configuration.zone == nil)
    #expect(configuration.priorityHeader == "x-weir-priority")
    #expect(configuration.warnings.isEmpty)
    let route = configuration.listeners[0].routes[0]
    #expect(route.retry == nil && route.hedge == nil && route.rateLimits.isEmpty)
    #expect(route.circuitBreaker == nil && route.fallback == nil && route.fault == nil)
    #expect(route.subset.isEmpty && route.priority == .normal)
    let upstream = configuration.upstreams[0]
    #expect(upstream.healthCheck == nil && upstream.outlierDetection == nil)
    #expect(upstream.circuitBreaker == nil && upstream.endpointCircuitBreaker == nil)
    #expect(upstream.adaptiveConcurrency == nil && upstream.pendingTarget == nil)
    #expect(upstream.pendingInterval == .milliseconds(100))
    let plain = upstream.endpoints[0]
    #expect(plain.weight == 1 && plain.priority == 0)
    #expect(plain.zone == nil && plain.metadata.isEmpty)
  }

  @Test func ofTheRetryBudgetThatAlwaysApplies() throws {
    for budget in [try upstream().retryBudget, try upstream("retry_budget: {}").retryBudget] {
      #expect(budget.ratio == .percent(20))
      #expect(budget.retriesMin == 3)
    }
  }

  @Test func ofRetries() throws {
    let retry = try #require(try route("retry: {}").retry)
    #expect(retry.attempts == 2)
    #expect(
      retry.conditions == [.connectFailure, .refusedStream, .reset])
    #expect(retry.perTryTimeout == nil)
    #expect(retry.backoff == Backoff(base: .milliseconds(25), max: .milliseconds(250)))
    #expect(!retry.isNonIdempotentAllowed && !retry.isIdempotencyKeyHonoured)
    #expect(retry.bodyBytesMax == 64 * 1024)
    #expect(retry.retryAfterMax == .seconds(300))
  }

  @Test func ofHedging() throws {
    let hedge = try #require(try route("hedge: {}").hedge)
    #expect(hedge.percentile == .percent(95))
    #expect(hedge.minimumDelay == .milliseconds(5))
    #expect(hedge.budget == .percent(5))
  }

  @Test func ofARateLimit() throws {
    let limits = try route("rate_limit: { requests: 7 }").rateLimits
    #expect(limits.count == 1)
    #expect(limits[0].policy.requests == 7 && limits[0].policy.burst == 7)
    #expect(limits[0].policy.period == .seconds(1) && limits[0].key == .route)
    #expect(limits[0].keysMax == 10_000)
    #expect(try route("rate_limit: [{ requests: 7 }]").rateLimits == limits)
  }

  @Test func ofFaults() throws {
    let fault = try #require(
      try route("fault: { abort: { share: 1% }, bandwidth: { bytes_per_second: 9 } }").fault)
    #expect(fault.plan.abortStatus == 503)
    #expect(fault.plan.bandwidthShare == .all)
    #expect(
      fault.plan.delayShare == .zero && fault.plan.resetShare == .zero && fault.headers.isEmpty)
  }

  @Test func ofAFallback() throws {
    #expect(
      try route("fallback: { respond: {} }").fallback
        == .respond(status: 200, body: "", contentType: "text/plain; charset=utf-8"))
  }

  @Test func ofBreakersInAllPlaces() throws {
    let breakers = [
      try route("circuit_breaker: {}").circuitBreaker,
      try upstream("circuit_breaker: {}").circuitBreaker,
      try upstream("endpoint_circuit_breaker: {}").endpointCircuitBreaker,
    ]
    // The sources of the count are about endpoints: a service as a whole goes by rates.
    #expect(breakers.map { $0?.policy.consecutiveFailures } == [nil, nil, 5])
    for breaker in breakers {
      let classifier = try #require(breaker).classifier
      let breaker = try #require(breaker).policy
      #expect(breaker.failureRate == .percent(50))
      #expect(breaker.slowCall == nil && breaker.slowCallRate == .percent(80))
      #expect(breaker.window == .time(.seconds(10)))
      #expect(breaker.minimumCalls == 20)
      #expect(breaker.openFor == .seconds(5) && breaker.openForMax == .seconds(60))
      #expect(breaker.halfOpenCalls == 3)
      #expect(breaker.recovery == .seconds(10))
      #expect(breaker.mode == .enforced)
      #expect(classifier == OutcomeClassifier())
      let failures = (100...599).filter { classifier.outcome(status: $0) == .failure }
      #expect(failures == [500] + Array(502...504) + Array(506...599))
      let codes: [UInt8] = [14, 13, 2, 15, 4]
      #expect(codes.allSatisfy { classifier.outcome(status: 200, grpcStatus: $0) == .failure })
    }
  }

  @Test func ofBalancing() throws {
    for balancing in [try upstream().balancing, try upstream("balancing: {}").balancing] {
      #expect(balancing.settings.policy == .roundRobin)
      #expect(balancing.hashOn == nil && balancing.settings.boundedLoadPercent == nil)
      #expect(balancing.settings.slowStart == nil)
      #expect(balancing.settings.panicThreshold == .percent(50))
      #expect(balancing.settings.ringPointsMin == 1024)
      #expect(balancing.settings.zoneEndpointsMin == 6)
    }
  }

  @Test func ofHealthChecks() throws {
    let check = try #require(try upstream("health_check: {}").healthCheck)
    #expect(check.path == nil && check.port == nil && check.host == nil)
    #expect(check.policy.interval == .seconds(10) && check.policy.timeout == .seconds(3))
    // Never so long that checks of one endpoint overlap.
    let often = try #require(try upstream("health_check: { interval: 2s }").healthCheck)
    #expect(often.policy.timeout == .seconds(1))
    #expect(check.policy.jitter == .percent(15))
    #expect(check.policy.healthy == 2 && check.policy.unhealthy == 3)
    #expect(check.statuses == [200...299])
  }

  @Test func ofOutlierDetection() throws {
    let outliers = try #require(try upstream("outlier_detection: {}").outlierDetection)
    #expect(outliers.consecutive5xx == 5)
    #expect(outliers.consecutiveGatewayFailures == nil)
    #expect(outliers.consecutiveLocalOriginFailures == 5)
    #expect(outliers.interval == .seconds(10))
    #expect(outliers.baseEjection == .seconds(30) && outliers.maxEjection == .seconds(300))
    #expect(outliers.maxEjected == .percent(50))
    #expect(outliers.failurePercentage == nil && outliers.latency == nil)
    let rate = try #require(outliers.successRate)
    #expect(rate.minimumEndpoints == 5 && rate.minimumCalls == 100)
    #expect(rate.deviations == 1.9)
    let more = try #require(
      try upstream("outlier_detection: { success_rate: off, failure_percentage: {}, latency: {} }")
        .outlierDetection)
    #expect(more.successRate == nil)
    let percentage = try #require(more.failurePercentage)
    #expect(percentage.threshold == .percent(85))
    #expect(percentage.minimumEndpoints == 5 && percentage.minimumCalls == 50)
    let latency = try #require(more.latency)
    #expect(latency.factor == 3 && latency.minimumEndpoints == 3 && latency.minimumCalls == 20)
    #expect(latency.floor == .milliseconds(50))
  }

  @Test func ofTheAdaptiveLimit() throws {
    let adaptive = try #require(try upstream("adaptive_concurrency: {}").adaptiveConcurrency)
    #expect(adaptive.minimum == 5 && adaptive.maximum == 10_000)
    #expect(adaptive.buffer == .percent(25))
    #expect(adaptive.interval == .milliseconds(100))
  }
}
