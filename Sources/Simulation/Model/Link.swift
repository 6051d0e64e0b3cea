import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

/// One sidecar's view of one upstream: the machines that the proxy has there, and its counts.
struct Link: Sendable {
  let edge: Int
  /// Of the caller; -1: everywhere.
  let zone: Int
  var random: RandomSource
  var balancer: Balancer
  /// In discovery, healthy, not ejected; and let through by their own breakers.
  var listed: EndpointSet
  var healthy: EndpointSet
  var admitted: EndpointSet
  /// Attempts under way; each holds a connection.
  var activeCount = 0
  var requestCount = 0
  var waiting: PendingQueue
  /// By ticket.
  var waiters: [UInt32] = []
  var isToServe = false
  /// When the queue is to be asked for somebody to refuse; `.max`: not at all.
  var shedDue = Int64.max
  /// One an endpoint; empty: nobody asks.
  var checks: [HealthCheckMachine]
  let budget: RetryBudget?
  let hedgeBudget: RetryBudget?
  var digest: LatencyDigest
  let limiter: ConcurrencyLimiter?
  let rateLimiters: [RateLimiter]

  /// `endpoints`: their zones, -1 for none.
  init(edge: Int, zone: Int, endpoints: [Int], policy: EdgePolicy, seed: UInt64) {
    self.edge = edge
    self.zone = zone
    random = RandomSource(seed: seed)
    listed = EndpointSet(capacity: endpoints.count, isFull: true)
    healthy = listed
    admitted = listed
    var settings = policy.balancing
    settings.ownZone = zone < 0 ? nil : UInt8(zone)
    balancer = Balancer(
      settings: settings, endpoints: Self.endpoints(endpoints), now: Instant(nanoseconds: 0),
      random: &random)
    waiting = PendingQueue(policy: policy.queue)
    checks = []
    if let health = policy.health {
      for _ in endpoints {
        checks.append(
          HealthCheckMachine(policy: health, now: Instant(nanoseconds: 0), random: &random))
      }
    }
    budget =
      policy.isRetrying
      ? RetryBudget(ratio: policy.budgetRatio, minimum: policy.budgetMinimum) : nil
    hedgeBudget = policy.hedge?.makeBudget()
    digest = policy.hedge?.makeDigest() ?? LatencyDigest()
    limiter = policy.adaptive.map { ConcurrencyLimiter(policy: $0) }
    var source = random
    rateLimiters = policy.rateLimits.map {
      RateLimiter(policy: $0, keysMax: 1, shardsMax: 1, random: &source)
    }
  }

  private static func endpoints(_ zones: [Int]) -> [BalancerEndpoint] {
    zones.enumerated().map { number, zone in
      BalancerEndpoint(
        // Any constant will do, so that endpoints lie apart on rings.
        key: UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15,
        traits: EndpointTraits(zone: zone < 0 ? nil : UInt8(zone)))
    }
  }

  @inline(__always)
  mutating func pick(_ tried: TriedEndpoints, now: Instant) -> Int? {
    let hash = balancer.settings.policy.isHashed ? random.next() : nil
    return balancer.pick(PickRequest(hash: hash, tried: tried), now: now, random: &random)?.index
  }

  // MARK: Who may be picked

  /// Discovery's word on an endpoint.
  mutating func list(_ endpoint: Int, isThere: Bool, now: Instant) {
    listed.set(endpoint, isThere)
    tellBalancer(now)
  }

  mutating func tellBalancer(_ now: Instant) {
    balancer.setAvailable(
      well: listed.intersection(healthy), admitted: admitted, now: now, random: &random)
  }

  /// Endpoints that are not picked, panic aside: a share, 0...1.
  var awayShare: Double {
    let available = listed.intersection(healthy).intersection(admitted).count
    return 1 - Double(available) / Double(max(listed.capacity, 1))
  }

  /// A health check's result. Returns when the next one is due.
  mutating func check(_ endpoint: Int, _ failure: HealthCheckFailure?, now: Instant) -> Int64 {
    let verdict =
      if let failure {
        checks[endpoint].failed(failure, now: now, random: &random)
      } else {
        checks[endpoint].succeeded(now: now, random: &random)
      }
    if verdict.change != nil {
      healthy.set(endpoint, checks[endpoint].isAvailable)
      tellBalancer(now)
    }
    return verdict.nextCheck.nanoseconds
  }

  /// How long an attempt that was answered took.
  @inline(__always)
  mutating func learn(_ nanoseconds: Int64, now: Instant) {
    digest.record(nanoseconds: nanoseconds, now: now)
  }
}

extension EndpointSet {
  mutating func set(_ index: Int, _ isIn: Bool) {
    if isIn { insert(index) } else { remove(index) }
  }
}
