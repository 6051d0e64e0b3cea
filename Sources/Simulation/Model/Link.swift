import Primitives
import Resilience
import Upstreams

/// One sidecar's view of one upstream: the machines that the proxy has there, and its counts.
///
/// The pure machines stand for the proxy's shared ones, which wrap them, where there are such: a
/// simulated sidecar is one thread. A value; its arrays are one entry an endpoint.
struct Link: Sendable {
  let edge: Int
  /// The zone of the caller; -1: everywhere.
  let zone: Int
  var random: RandomSource
  /// Attempts under way; each holds a connection.
  var activeCount = 0
  var requestCount = 0

  // MARK: Above the balancer

  let rateLimiters: [RateLimiter]
  let limiter: ConcurrencyLimiter?
  var breaker: CircuitBreakerMachine?
  var routeBreaker: CircuitBreakerMachine?
  let budget: RetryBudget?
  let hedgeBudget: RetryBudget?
  var digest: LatencyDigest
  var waiting: PendingQueue
  /// Exchanges by ticket.
  var waiters: [UInt32] = []
  var isToServe = false
  /// When the queue is to be asked for somebody to refuse; `.max`: not at all.
  var shedDue = Int64.max

  // MARK: Endpoints

  var balancer: Balancer
  /// In discovery; healthy by its checks; not ejected; let through by its own breaker.
  var listed: EndpointSet
  var healthy: EndpointSet
  var kept: EndpointSet
  var admitted: EndpointSet
  /// Empty: none have breakers.
  var endpointBreakers: [CircuitBreakerMachine] = []
  var detector: OutlierDetectorMachine?
  /// Nil: there is one endpoint, or nobody would be told.
  var comparison: PeerComparisonMachine?
  /// Empty: nobody asks.
  var checks: [HealthCheckMachine] = []
  /// When who may be picked changes by itself; 0: it has changed. Nanoseconds.
  var nextLook = Int64.max

  /// `placement`: of these endpoints, for hashed policies; links of an edge share one.
  init(
    edge: Int, zone: Int, endpoints: [BalancerEndpoint], placement: HashPlacement?,
    policy: EdgePolicy, seed: UInt64
  ) {
    self.edge = edge
    self.zone = zone
    let start = Instant(nanoseconds: 0)
    var random = RandomSource(seed: seed)
    rateLimiters = policy.rateLimits.map {
      RateLimiter(policy: $0, keysMax: 1, shardsMax: 1, random: &random)
    }
    limiter = policy.adaptive.map { ConcurrencyLimiter(policy: $0) }
    breaker = policy.breaker.map { CircuitBreakerMachine($0, seed: random.next()) }
    routeBreaker = policy.routeBreaker.map { CircuitBreakerMachine($0, seed: random.next()) }
    budget =
      policy.isRetrying
      ? RetryBudget(ratio: policy.budgetRatio, minimum: policy.budgetMinimum) : nil
    hedgeBudget = policy.hedge?.makeBudget()
    digest = policy.hedge?.makeDigest() ?? LatencyDigest()
    waiting = PendingQueue(policy: policy.queue)
    listed = EndpointSet(capacity: endpoints.count, isFull: true)
    healthy = listed
    kept = listed
    admitted = listed
    for _ in endpoints {
      if let policy = policy.endpointBreaker {
        endpointBreakers.append(CircuitBreakerMachine(policy, seed: random.next()))
      }
      if let policy = policy.health {
        checks.append(HealthCheckMachine(policy: policy, now: start, random: &random))
      }
    }
    if let policy = policy.outliers {
      var machine = OutlierDetectorMachine(policy, seed: random.next(), now: start)
      // Slots are given from 0 on: an endpoint's is its index.
      for _ in endpoints { _ = machine.join() }
      detector = machine
      nextLook = machine.nextChange.nanoseconds
    }
    if endpoints.count > 1, policy.isWatchingEndpoints {
      comparison = PeerComparisonMachine(endpointCount: endpoints.count)
    }
    var settings = policy.balancing
    settings.ownZone = zone < 0 ? nil : UInt8(zone)
    balancer = Balancer(
      settings: settings, endpoints: endpoints, placement: placement, now: start,
      random: &random)
    self.random = random
  }

  /// By their zones, -1 for none.
  static func endpoints(_ zones: [Int]) -> [BalancerEndpoint] {
    zones.enumerated().map { number, zone in
      BalancerEndpoint(
        // Any constant will do that spreads endpoints over rings.
        key: UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15,
        traits: EndpointTraits(zone: zone < 0 ? nil : UInt8(zone)))
    }
  }

  /// How long the first attempt of an exchange took, or at least would have taken where it was cut.
  @inline(__always)
  mutating func learn(
    _ nanoseconds: Int64, _ outcome: Outcome, _ reason: Reason, now: Instant
  ) {
    if outcome == .success {
      digest.record(nanoseconds: nanoseconds, now: now)
    } else if reason.isCut {
      digest.record(atLeast: nanoseconds, now: now)
    }
  }

  /// That one of the breakers above the balancer which refuses more; nil: there is none.
  var breakerState: CircuitBreaker.State? {
    let states = [breaker?.state, routeBreaker?.state]
    if states.contains(.open) { return .open }
    return states.contains(.halfOpen) ? .halfOpen : states[0] ?? states[1]
  }
}
