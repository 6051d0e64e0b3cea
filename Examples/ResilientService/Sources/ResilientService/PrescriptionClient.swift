import Resilience

/// What a service holds for one other that it calls: one policy, shared by all its tasks.
struct PrescriptionClient: Sendable {
  let service: PrescriptionService
  let breaker: CircuitBreaker
  let policy: ResiliencePolicy

  init(
    service: PrescriptionService,
    onTransition: @escaping @Sendable (CircuitBreaker.Transition) -> Void
  ) {
    self.service = service
    breaker = CircuitBreaker(
      name: "prescription",
      policy: CircuitBreakerPolicy(openFor: .seconds(1), recovery: .zero),
      onTransition: onTransition)
    policy = ResiliencePolicy(
      deadline: .seconds(5),
      inPlace: InPlacePolicy(
        rateLimiter: RateLimiter(policy: RateLimitPolicy(requests: 2000, burst: 500)),
        limiter: ConcurrencyLimiter(name: "prescription"),
        breaker: breaker,
        retry: Retry(policy: RetryPolicy(attempts: 3), budget: RetryBudget()),
        isRetriable: Self.isRetriable),
      hedge: Hedge(),
      attemptDeadline: .seconds(1))
  }

  /// Reading twice is harmless: it is retried and hedged.
  func prescription(_ id: String) async throws -> String {
    try await policy.run(key: id) {
      try await service.read(id)
    }
  }

  /// Each of these leaves open whether the service acted; a read may act twice.
  private static func isRetriable(_ error: any Error) -> Bool {
    error is ConnectionLost || error is DeadlineExceeded
  }

  /// Dispensing twice harms a patient: the same protection, and one attempt.
  func dispense(_ id: String) async throws {
    try await policy.once.run {
      try await service.dispense(id)
    }
  }

  /// While the breaker refuses, what was read last will do.
  func prescription(_ id: String, orKnown known: String) async throws -> String {
    try await policy.run(key: id) {
      try await service.read(id)
    } fallback: { refusal in
      print("  \(refusal)")
      return known
    }
  }
}
