import DataPath
import Primitives
import ProxyConfiguration
import Resilience

/// The machines of routes, which outlive snapshots while their policy is equal.
///
/// Confinement: the control queue.
final class RouteMachines {
  private struct Known {
    var settings: RouteConfiguration
    var policy: RoutePolicy?
    var limiters: [RateLimiter]
  }

  /// By listener and route.
  private var known: [[String]: Known] = [:]
  private var used: Set<[String]> = []
  private var random = RandomSource(seed: .random(in: .min ... .max))

  /// What a route's workers share; nil: it has no policy. `fallback`: the position of the fallback's
  /// upstream among the route's.
  func policy(
    of route: RouteConfiguration, _ listener: String, fallback position: Int?
  ) -> RoutePolicy? {
    let key = [listener, route.name]
    used.insert(key)
    let old = known[key]
    if let old, Self.isSame(old.settings, route) { return old.policy }
    let limiters = self.limiters(route, old)
    let policy = Self.hasPolicy(route) ? make(route, old, limiters, position) : nil
    known[key] = Known(settings: route, policy: policy, limiters: limiters)
    return policy
  }

  /// The breaker of a route, and where it stands.
  func breakers(of listener: String, _ route: String) -> CircuitBreaker? {
    known[[listener, route]]?.policy?.breaker?.machine
  }

  /// Forgets routes that no snapshot has asked for since the last call.
  func forgetUnused() {
    known = known.filter { used.contains($0.key) }
    used = []
  }

  private static func hasPolicy(_ route: RouteConfiguration) -> Bool {
    route.retry != nil || route.hedge != nil || !route.rateLimits.isEmpty
      || route.priority != .normal || route.circuitBreaker != nil || route.fallback != nil
      || route.fault != nil
  }

  private static func isSame(_ left: RouteConfiguration, _ right: RouteConfiguration) -> Bool {
    left.retry == right.retry && left.hedge == right.hedge && left.rateLimits == right.rateLimits
      && left.priority == right.priority && left.circuitBreaker == right.circuitBreaker
      && left.fallback == right.fallback && left.fault == right.fault
      && left.upstreams == right.upstreams
  }

  private func limiters(_ route: RouteConfiguration, _ old: Known?) -> [RateLimiter] {
    if let old, old.settings.rateLimits == route.rateLimits { return old.limiters }
    return route.rateLimits.map {
      RateLimiter(
        policy: RateLimitPolicy(requests: $0.requests, per: $0.period, burst: $0.burst),
        keysMax: $0.keysMax, random: &random)
    }
  }

  private func make(
    _ route: RouteConfiguration, _ old: Known?, _ limiters: [RateLimiter], _ position: Int?
  ) -> RoutePolicy {
    var breaker: RoutePolicy.Breaker?
    if let settings = route.circuitBreaker {
      let kept =
        old?.settings.circuitBreaker == settings ? old?.policy?.breaker?.machine : nil
      breaker = RoutePolicy.Breaker(
        machine: kept
          ?? CircuitBreaker(CircuitBreakerPolicy(settings), seed: random.next()),
        classifier: OutcomeClassifier(settings))
    }
    return RoutePolicy(
      retry: route.retry.map { RetryPolicy($0) }, hedge: route.hedge.map { HedgePolicy($0) },
      rateLimits: zip(route.rateLimits, limiters).map { settings, limiter in
        RoutePolicy.RateLimit(limiter: limiter, key: Self.key(settings.key))
      },
      priority: RequestPriority(route.priority), breaker: breaker,
      fallback: Self.fallback(route.fallback, position),
      faults: route.fault.map { RoutePolicy.Faults($0) })
  }

  private static func key(_ key: RateLimitSettings.Key) -> RequestKey? {
    switch key {
    case .route: nil
    case .source: .source
    case .header(let name): .header(FieldKey(name))
    }
  }

  private static func fallback(
    _ settings: FallbackSettings?, _ position: Int?
  ) -> RoutePolicy.Fallback? {
    switch settings {
    case nil: nil
    case .upstream: position.map { .upstream($0) }
    case .respond(let status, let body, let contentType):
      .respond(
        DirectResponse(
          status: UInt16(status), body: Array(body.utf8), contentType: contentType))
    }
  }
}
