import DataPath
import Primitives
import ProxyConfiguration
import Resilience

/// The machines of routes, which outlive snapshots: each is kept while its policy is equal, and a
/// breaker whose policy has changed goes on by the new one.
///
/// Confinement: the control queue.
final class RouteMachines {
  private struct Known {
    var settings: RouteConfiguration
    var policy: RoutePolicy?
    var limiters: [RateLimiter]
  }

  private var known: [RouteIdentity: Known] = [:]
  private var used: Set<RouteIdentity> = []
  private var random = RandomSource(seed: .random(in: .min ... .max))

  /// What a route's workers share; nil: it has no policy. `fallback`: the position of the fallback's
  /// upstream among the route's. Once a build for each route.
  func policy(
    of route: RouteConfiguration, _ identity: RouteIdentity, _ listener: String,
    fallback position: Int?, _ succession: inout BreakerSuccession
  ) -> RoutePolicy? {
    used.insert(identity)
    let old = known[identity]
    if let old, Self.isSame(old.settings, route) { return old.policy }
    let breaker = succession.breaker(
      after: old?.policy?.breaker?.machine, old?.settings.circuitBreaker,
      by: route.circuitBreaker, .route, upstream: route.upstreams.first ?? "none",
      subject: "\(listener)/\(route.name)")
    let limiters = self.limiters(route, old)
    let policy = Self.hasPolicy(route) ? make(route, old, breaker, limiters, position) : nil
    known[identity] = Known(settings: route, policy: policy, limiters: limiters)
    return policy
  }

  /// The breaker of a route, and where it stands.
  func breaker(of identity: RouteIdentity) -> CircuitBreaker? {
    known[identity]?.policy?.breaker?.machine
  }

  /// How many routes are known.
  var count: Int { known.count }

  /// Forgets routes that no snapshot has asked for since the last call.
  func forgetUnused() {
    if used.count < known.count { known = known.filter { used.contains($0.key) } }
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

  /// Each limit that was there before keeps its buckets, wherever it stands in the list now.
  private func limiters(_ route: RouteConfiguration, _ old: Known?) -> [RateLimiter] {
    var left = old.map { Array(zip($0.settings.rateLimits, $0.limiters)) } ?? []
    return route.rateLimits.map { settings in
      // One that begins to act goes on with its buckets.
      if let place = left.firstIndex(where: { $0.0.with(settings.mode) == settings }) {
        return left.remove(at: place).1
      }
      return RateLimiter(
        policy: settings.policy, keysMax: settings.keysMax, random: &random)
    }
  }

  private func make(
    _ route: RouteConfiguration, _ old: Known?, _ breaker: CircuitBreaker?,
    _ limiters: [RateLimiter], _ position: Int?
  ) -> RoutePolicy {
    let kept = old?.settings.hedge == route.hedge ? old?.policy?.hedgeBudget : nil
    return RoutePolicy(
      retry: route.retry, hedge: route.hedge, hedgeBudget: kept,
      rateLimits: zip(route.rateLimits, limiters).map { settings, limiter in
        RoutePolicy.RateLimit(
          limiter: limiter, key: Self.key(settings.key), isShadow: settings.mode == .shadow)
      },
      priority: route.priority,
      breaker: breaker.map {
        RoutePolicy.Breaker(
          machine: $0, classifier: route.circuitBreaker?.classifier ?? OutcomeClassifier())
      },
      fallback: Self.fallback(route.fallback, position),
      faults: route.fault.map { RoutePolicy.Faults($0) })
  }

  private static func key(_ key: RateLimitConfiguration.Key) -> RequestKey? {
    switch key {
    case .route: nil
    case .source: .source
    case .identity: .identity
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
