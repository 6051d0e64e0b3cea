import Primitives
import Resilience

/// What all workers share of an upstream: limits, budget, breaker, detector, and its endpoints.
///
/// Made anew with each snapshot from parts that outlive it while their policy is equal
/// (design §3). Any thread.
package final class UpstreamState: Sendable {
  package let name: String
  package let limits: ResourceLimits
  package let budget: RetryBudget
  package let breaker: CircuitBreaker?
  package let classifier: OutcomeClassifier
  package let endpointClassifier: OutcomeClassifier
  package let limiter: ConcurrencyLimiter?
  package let detector: OutlierDetector?
  /// Nil: no endpoint has another to be compared with, or nobody would be told.
  package let comparison: PeerComparison?
  package let availability: Availability
  /// In the order of the plan's endpoints.
  package let endpoints: [EndpointState]
  /// The same number again: endpoints that stay have the states that they had. 0: that is not known.
  package let generation: UInt64
  /// Endpoints have breakers, or a detector: attempts are told to somebody.
  package let recordsAttempts: Bool
  /// Policies that only tell what they would do.
  package let shadows: ShadowPolicies
  /// What they have told.
  package let ledger: ShadowLedger

  package init(
    name: String, limits: ResourceLimits, budget: RetryBudget = RetryBudget(),
    breaker: CircuitBreaker? = nil, classifier: OutcomeClassifier = OutcomeClassifier(),
    endpointClassifier: OutcomeClassifier = OutcomeClassifier(),
    limiter: ConcurrencyLimiter? = nil, detector: OutlierDetector? = nil,
    comparison: PeerComparison? = nil, availability: Availability = Availability(),
    shadows: ShadowPolicies = [], ledger: ShadowLedger = ShadowLedger(),
    endpoints: [EndpointState], generation: UInt64 = 0
  ) {
    self.generation = generation
    self.shadows = shadows
    self.ledger = ledger
    self.name = name
    self.limits = limits
    self.budget = budget
    self.breaker = breaker
    self.classifier = classifier
    self.endpointClassifier = endpointClassifier
    self.limiter = limiter
    self.detector = detector
    self.comparison = comparison
    self.availability = availability
    self.endpoints = endpoints
    let detected = endpoints.contains { $0.slot != nil }
    precondition(detector != nil || !detected, "a slot is a detector's")
    recordsAttempts = detector != nil || endpoints.contains { $0.breaker != nil }
  }

  /// A request is over. `isActive`: the retry budget counts it; `hasSlot`: it holds one of the limits.
  package func requestEnded(isActive: Bool, hasSlot: Bool) {
    if isActive { budget.requestEnded() }
    if hasSlot { limits.release(.requests) }
  }

  /// The endpoint that has `slot` in the detector. Cost: linear, for what seldom happens.
  package func endpoint(at slot: Int) -> EndpointState? {
    endpoints.first { $0.slot == slot }
  }
}
