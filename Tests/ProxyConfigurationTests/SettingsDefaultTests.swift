import Primitives
import ProxyConfiguration
import Testing

/// What a policy is when its section is empty, and what there is when it is left out.
struct SettingsDefaultTests {
  private func read(route: String = "", upstream: String = "") throws -> Configuration {
    let text = """
      listeners:
        - name: a
          address: 127.0.0.1:80
          routes: [{ match: {}, upstream: u\(route.isEmpty ? "" : ", " + route) }]
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
      retry.conditions == [.named(.connectFailure), .named(.refusedStream), .named(.reset)])
    #expect(retry.perTryTimeout == nil)
    #expect(retry.backoffBase == .milliseconds(25) && retry.backoffMax == .milliseconds(250))
    #expect(!retry.retriesNonIdempotent && !retry.honoursIdempotencyKey)
    #expect(retry.bodyBytesMax == 64 * 1024)
    #expect(retry.retryAfterMax == .seconds(300))
  }

  @Test func ofHedging() throws {
    let hedge = try #require(try route("hedge: {}").hedge)
    #expect(hedge.percentile == .percent(95))
    #expect(hedge.delayMin == .milliseconds(5))
    #expect(hedge.budget == .percent(5))
  }

  @Test func ofARateLimit() throws {
    let limits = try route("rate_limit: { requests: 7 }").rateLimits
    #expect(limits.count == 1)
    #expect(limits[0].requests == 7 && limits[0].burst == 7)
    #expect(limits[0].period == .seconds(1) && limits[0].key == .route)
    #expect(limits[0].keysMax == 10_000)
    #expect(try route("rate_limit: [{ requests: 7 }]").rateLimits == limits)
  }

  @Test func ofFaults() throws {
    let fault = try #require(
      try route("fault: { abort: { share: 1% }, bandwidth: { bytes_per_second: 9 } }").fault)
    #expect(fault.abort?.status == 503)
    #expect(fault.bandwidth?.share == .all)
    #expect(fault.delay == nil && fault.resetShare == nil && fault.headers.isEmpty)
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
    for breaker in breakers {
      let breaker = try #require(breaker)
      #expect(breaker.failureRate == .percent(50))
      #expect(breaker.slowCall == nil && breaker.slowCallRate == .percent(80))
      #expect(breaker.window == .time(.seconds(10)))
      #expect(breaker.callsMin == 20)
      #expect(breaker.consecutiveFailures == 5)
      #expect(breaker.openFor == .seconds(5) && breaker.openForMax == .seconds(60))
      #expect(breaker.halfOpenCalls == 3)
      #expect(breaker.recovery == .seconds(10))
      #expect(breaker.mode == .enforced)
      #expect(breaker.failureStatuses == [500...500, 502...504, 506...599])
      #expect(
        breaker.failureGRPCStatuses
          == [.unavailable, .internal, .unknown, .dataLoss, .deadlineExceeded])
    }
  }

  @Test func ofBalancing() throws {
    for balancing in [try upstream().balancing, try upstream("balancing: {}").balancing] {
      #expect(balancing.policy == .roundRobin)
      #expect(balancing.hashOn == nil && balancing.boundedLoadBasisPoints == nil)
      #expect(balancing.slowStart == nil)
      #expect(balancing.panicThreshold == .percent(50))
      #expect(balancing.ringSize == 1024)
      #expect(balancing.zoneEndpointsMin == 6)
    }
  }

  @Test func ofHealthChecks() throws {
    let check = try #require(try upstream("health_check: {}").healthCheck)
    #expect(check.path == nil && check.port == nil && check.host == nil)
    #expect(check.interval == .seconds(10) && check.timeout == .seconds(3))
    // Never so long that checks of one endpoint overlap.
    let often = try #require(try upstream("health_check: { interval: 2s }").healthCheck)
    #expect(often.timeout == .seconds(1))
    #expect(check.jitter == .percent(15))
    #expect(check.healthyThreshold == 2 && check.unhealthyThreshold == 3)
    #expect(check.statuses == [200...299])
  }

  @Test func ofOutlierDetection() throws {
    let outliers = try #require(try upstream("outlier_detection: {}").outlierDetection)
    #expect(outliers.consecutive5xx == 5)
    #expect(outliers.consecutiveGatewayFailures == nil)
    #expect(outliers.consecutiveLocalOriginFailures == 5)
    #expect(outliers.interval == .seconds(10))
    #expect(outliers.ejectionBase == .seconds(30) && outliers.ejectionMax == .seconds(300))
    #expect(outliers.ejectedMax == .percent(50))
    #expect(outliers.failurePercentage == nil && outliers.latency == nil)
    let rate = try #require(outliers.successRate)
    #expect(rate.endpointsMin == 5 && rate.callsMin == 100)
    #expect(rate.deviationsBasisPoints == 19_000)
    let more = try #require(
      try upstream("outlier_detection: { success_rate: off, failure_percentage: {}, latency: {} }")
        .outlierDetection)
    #expect(more.successRate == nil)
    let percentage = try #require(more.failurePercentage)
    #expect(percentage.threshold == .percent(85))
    #expect(percentage.endpointsMin == 5 && percentage.callsMin == 50)
    let latency = try #require(more.latency)
    #expect(latency.factor == 3 && latency.endpointsMin == 3 && latency.callsMin == 20)
    #expect(latency.floor == .milliseconds(50))
  }

  @Test func ofTheAdaptiveLimit() throws {
    let adaptive = try #require(try upstream("adaptive_concurrency: {}").adaptiveConcurrency)
    #expect(adaptive.concurrencyMin == 3 && adaptive.concurrencyMax == 1000)
    #expect(adaptive.buffer == .percent(25) && adaptive.percentile == .percent(50))
    #expect(adaptive.interval == .milliseconds(100))
  }
}
