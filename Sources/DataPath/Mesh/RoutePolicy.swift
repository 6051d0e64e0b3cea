import Primitives
import Resilience

/// What a route's policies say, where it has any. The machines in it are shared by all workers.
package final class RoutePolicy: Sendable {
  package struct RateLimit: Sendable {
    let limiter: RateLimiter
    /// What has a bucket of its own; nil: the route has one.
    let key: RequestKey?
    /// It refuses nothing, and counts what it would have refused.
    let isShadow: Bool

    package init(limiter: RateLimiter, key: RequestKey?, isShadow: Bool = false) {
      self.isShadow = isShadow
      self.limiter = limiter
      self.key = key
    }
  }

  /// What answers when the breaker refuses, or no endpoint is there.
  package enum Fallback: Sendable {
    /// A position in the route's upstreams.
    case upstream(Int)
    case respond(DirectResponse)
  }

  package struct Faults: Sendable {
    let plan: FaultPlan
    /// Only requests of trusted proxies that have all of these; a value of nil: any.
    let fields: [(key: FieldKey, value: [UInt8]?)]

    package init(plan: FaultPlan, fields: [(key: FieldKey, value: [UInt8]?)]) {
      self.plan = plan
      self.fields = fields
    }
  }

  package struct Breaker: Sendable {
    package let machine: CircuitBreaker
    package let classifier: OutcomeClassifier

    package init(machine: CircuitBreaker, classifier: OutcomeClassifier) {
      self.machine = machine
      self.classifier = classifier
    }
  }

  package let retry: RetryPolicy?
  package let hedge: HedgePolicy?
  package let hedgeBudget: RetryBudget?
  let rateLimits: [RateLimit]
  let priority: RequestPriority
  package let breaker: Breaker?
  let fallback: Fallback?
  let faults: Faults?

  /// `hedgeBudget`: one to go on with; nil: a new one, as `hedge` says.
  package init(
    retry: RetryPolicy? = nil, hedge: HedgePolicy? = nil, hedgeBudget: RetryBudget? = nil,
    rateLimits: [RateLimit] = [],
    priority: RequestPriority = .normal, breaker: Breaker? = nil, fallback: Fallback? = nil,
    faults: Faults? = nil
  ) {
    self.retry = retry
    self.hedge = hedge
    self.hedgeBudget = hedgeBudget ?? hedge?.makeBudget()
    self.rateLimits = rateLimits
    self.priority = priority
    self.breaker = breaker
    self.fallback = fallback
    self.faults = faults
  }
}
