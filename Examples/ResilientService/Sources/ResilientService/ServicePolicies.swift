import Resilience

/// Policies for services of three kinds, as the article "Choosing policies" tells them.
enum ServicePolicies {
  /// Answers in a few milliseconds, many times a second: the defaults.
  static let busy = CircuitBreakerPolicy()

  /// A few calls a minute: no rate is ever reached, failures in a row are.
  static let quiet = CircuitBreakerPolicy(
    window: .calls(20), minimumCalls: 10, consecutiveFailures: 3)

  /// A validator that may take its time, but not all of ours.
  static let slow = CircuitBreakerPolicy(
    slowCall: .seconds(3), slowCallRate: .percent(60), window: .time(.seconds(30)))

  /// Counts what the policy would have done, and refuses nothing: for the first week.
  static let trial = CircuitBreakerPolicy(mode: .shadow)

  /// A status that is no error to the client library is a failure all the same, and "not now" is
  /// neither.
  static func outcome(_ result: Result<Int, any Error>) -> Outcome {
    switch result {
    case .success(429): .ignored
    case .success(500...599): .failure
    default: .standard(result)
    }
  }

  static func status(
    _ breaker: CircuitBreaker, _ call: @Sendable () async throws -> Int
  ) async throws -> Int {
    try await breaker.run(outcome: outcome) { try await call() }
  }
}
