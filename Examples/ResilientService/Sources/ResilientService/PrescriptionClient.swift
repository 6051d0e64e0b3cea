import Resilience

/// What a service holds for one other that it calls: one of each, shared by all its tasks.
struct PrescriptionClient: Sendable {
  let service: PrescriptionService
  let rate = RateLimiter(policy: RateLimitPolicy(requests: 2000, burst: 500))
  let limiter = ConcurrencyLimiter()
  let breaker: CircuitBreaker
  let retry = Retry(policy: RetryPolicy(attempts: 3), budget: RetryBudget())
  let hedge = Hedge()

  init(
    service: PrescriptionService,
    onTransition: @escaping @Sendable (CircuitBreaker.Transition) -> Void
  ) {
    self.service = service
    breaker = CircuitBreaker(
      policy: CircuitBreakerPolicy(openFor: .seconds(1), recovery: .zero),
      onTransition: onTransition)
  }

  /// Reading twice is harmless: it is retried and hedged.
  func prescription(_ id: String) async throws -> String {
    try await withDeadline(.seconds(5)) {
      try await rate.run(key: id) {
        try await limiter.run {
          try await breaker.run {
            try await retry.run(isRetriable: Self.isRetriable) { _ in
              try await hedge.run { _ in
                try await withDeadline(.seconds(1)) {
                  try await service.read(id)
                }
              }
            }
          }
        }
      }
    }
  }

  /// Of reads: each of these leaves open whether the service acted, and a read may act twice.
  private static func isRetriable(_ error: any Error) -> Bool {
    error is ConnectionLost || error is DeadlineExceeded
  }

  /// Dispensing twice harms a patient: the same protection, and one attempt.
  func dispense(_ id: String) async throws {
    try await withDeadline(.seconds(5)) {
      try await limiter.run {
        try await breaker.run {
          try await service.dispense(id)
        }
      }
    }
  }
}
