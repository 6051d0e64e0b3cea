import DataPath
import Primitives
import Resilience
import WeirTesting

/// The policies of one run, drawn from its seed: any of them may be there, with settings that a run
/// of some seconds makes use of.
struct DrawnPolicies {
  /// Nothing is drawn that refuses, cuts or delays a request by itself.
  let isCalm: Bool
  private(set) var plan: MeshPlan
  private(set) var retry: RetryPolicy?
  private(set) var hasHedge = false
  private(set) var hasFallbackUpstream = false
  private(set) var hasFaults = false

  init(_ random: inout RandomSource, isCalm: Bool) {
    self.isCalm = isCalm
    plan = MeshPlan(upstreams: [])
    if random.chance(3, in: 4) { retry = Self.retry(&random, isCalm: isCalm) }
    let fallback = Self.fallback(&random)
    if case .upstream = fallback { hasFallbackUpstream = true }
    let count = hasFallbackUpstream ? 2 : 1
    plan.upstreams = (0..<count).map {
      Self.upstream($0, &random, isCalm: isCalm)
    }
    let hedge = random.chance(1, in: 2) ? Self.hedge(&random) : nil
    hasHedge = hedge != nil
    let faults = !isCalm && random.chance(1, in: 3) ? Self.faults(&random) : nil
    hasFaults = faults != nil
    let rateLimits = isCalm || random.chance(2, in: 3) ? [] : Self.rateLimits(&random)
    let breaker = random.chance(1, in: 3) ? Self.routeBreaker(&random, isCalm: isCalm) : nil
    plan.policy = RoutePolicy(
      retry: retry, hedge: hedge, rateLimits: rateLimits,
      priority: RequestPriority.allCases[Int(random.below(4))], breaker: breaker,
      fallback: fallback, faults: faults)
    plan.settings.shedsByPriority = !isCalm && random.chance(1, in: 2)
    plan.timeout = isCalm ? .seconds(60) : .milliseconds(500 + Int(random.below(5000)))
    plan.totalTimeout = isCalm ? .seconds(60) : .milliseconds(1000 + Int(random.below(9000)))
  }

  /// How often endpoints may see one request. Its own attempts; one more on a fresh connection, which
  /// needs no policy, where it was the first that failed; one hedge; the first at the fallback.
  func sightingsMax(isIdempotent: Bool, hasKey: Bool) -> Int {
    let isRepeatable =
      isIdempotent || retry?.isNonIdempotentAllowed == true
      || hasKey && retry?.isIdempotencyKeyHonoured == true
    guard isRepeatable else { return 1 }
    let attempts = max(retry?.isRetrying == true ? retry?.attempts ?? 1 : 1, isIdempotent ? 2 : 1)
    return attempts + (hasHedge && isIdempotent ? 1 : 0) + (hasFallbackUpstream ? 1 : 0)
  }

  private static func retry(_ random: inout RandomSource, isCalm: Bool) -> RetryPolicy {
    let all: [RetryCondition] = [
      .serverError, .gatewayError, .reset, .resetBeforeRequest, .connectFailure, .perTryTimeout,
      .retriable4xx, .status(429), .status(503),
    ]
    let conditions = all.filter { _ in random.chance(1, in: 3) }
    return RetryPolicy(
      attempts: 1 + Int(random.below(4)), conditions: RetryConditions(conditions),
      perTryTimeout: !isCalm && random.chance(1, in: 2)
        ? .milliseconds(50 + Int(random.below(1500))) : nil,
      backoff: Backoff(
        base: .microseconds(Int(random.below(30_000))), max: .milliseconds(Int(random.below(400)))),
      retryAfterMax: .seconds(Int(random.below(4))),
      isNonIdempotentAllowed: random.chance(1, in: 5),
      isIdempotencyKeyHonoured: random.chance(1, in: 3),
      bodyBytesMax: [0, 1000, 65_536][Int(random.below(3))])
  }

  private static func hedge(_ random: inout RandomSource) -> HedgePolicy {
    HedgePolicy(
      percentile: .percent(50), minimumDelay: .microseconds(Int(random.below(20_000))),
      samplesMin: 1 + Int(random.below(5)), budget: .percent(50), budgetMinimum: 3)
  }

  private static func fallback(_ random: inout RandomSource) -> RoutePolicy.Fallback? {
    switch random.below(4) {
    case 0: .upstream(1)
    case 1:
      .respond(
        DirectResponse(status: 503, body: Array("fallback".utf8), contentType: "text/plain"))
    default: nil
    }
  }

  private static func faults(_ random: inout RandomSource) -> RoutePolicy.Faults {
    func share() -> Share { random.chance(1, in: 2) ? .zero : .percent(Int(random.below(20))) }
    return RoutePolicy.Faults(
      plan: FaultPlan(
        delay: .milliseconds(Int(random.below(1500))), delayShare: share(),
        abortStatus: [429, 500, 503][Int(random.below(3))], abortShare: share(),
        resetShare: share(), bytesPerSecond: 100 + UInt64(random.below(100_000)),
        bandwidthShare: share()),
      fields: [])
  }

  private static func rateLimits(_ random: inout RandomSource) -> [RoutePolicy.RateLimit] {
    let keys: [RequestKey?] = [nil, .source, .header(FieldKey("x-id")), .path]
    return (0..<1 + Int(random.below(2))).map { _ in
      RoutePolicy.RateLimit(
        limiter: RateLimiter(
          policy: RateLimitPolicy(requests: 5 + Int(random.below(50)), per: .seconds(1)),
          keysMax: 1 + Int(random.below(20)), random: &random),
        key: keys[Int(random.below(4))])
    }
  }

  private static func routeBreaker(
    _ random: inout RandomSource, isCalm: Bool
  ) -> RoutePolicy.Breaker {
    RoutePolicy.Breaker(machine: breaker(&random, isCalm: isCalm), classifier: OutcomeClassifier())
  }
}
