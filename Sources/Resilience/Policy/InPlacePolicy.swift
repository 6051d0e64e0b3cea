/// The policies that begin no task, in their order: rate limit, adaptive limit, circuit breaker, retries.
///
/// `operation` runs where the caller does and may capture what is not `Sendable`. What needs a task of
/// its own, a deadline or a hedge, is ``ResiliencePolicy``'s. A value; its copies share the parts.
public struct InPlacePolicy: Sendable {
  /// Who asks too often is refused before all else; nil: nobody is.
  public var rateLimiter: RateLimiter?
  /// How many calls may be under way; nil: any number.
  public var limiter: ConcurrencyLimiter?
  /// Refuses while the service fails; nil: never.
  public var breaker: CircuitBreaker?
  /// Makes a failed call again; nil: each call is made once.
  public var retry: Retry?
  /// Whether an error calls for another attempt and allows it (<doc:NeverActTwice>).
  public var isRetriable: @Sendable (any Error) -> Bool
  /// How long the service asked to be left alone.
  public var retryAfter: @Sendable (any Error) -> Duration?

  /// - Parameters:
  ///   - rateLimiter: nil: no rate is kept.
  ///   - limiter: nil: any number of calls may be under way.
  ///   - breaker: nil: no call is refused for what others met.
  ///   - retry: nil: each call is made once. To give one is to say that these calls may be made twice
  ///     where `isRetriable` says so.
  ///   - isRetriable: by default no error is.
  ///   - retryAfter: by default no error says.
  public init(
    rateLimiter: RateLimiter? = nil, limiter: ConcurrencyLimiter? = nil,
    breaker: CircuitBreaker? = nil, retry: Retry? = nil,
    isRetriable: @escaping @Sendable (any Error) -> Bool = { _ in false },
    retryAfter: @escaping @Sendable (any Error) -> Duration? = { _ in nil }
  ) {
    self.rateLimiter = rateLimiter
    self.limiter = limiter
    self.breaker = breaker
    self.retry = retry
    self.isRetriable = isRetriable
    self.retryAfter = retryAfter
  }

  /// The same for calls that must not be made twice: without retries.
  public var once: InPlacePolicy {
    var policy = self
    policy.retry = nil
    return policy
  }

  /// Makes the call under all of it.
  ///
  /// - Parameters:
  ///   - key: whose rate it counts for; nil: the one that all share.
  ///   - priority: one below ``RequestPriority/critical`` may fill only its part of the limit.
  ///   - outcome: what a result says of the service; by default ``Outcome/standard(_:)``.
  ///   - operation: is given the number of the attempt, from 1.
  /// - Throws: ``RateLimited``, ``ConcurrencyExceeded`` or ``CircuitBreakerOpen`` if the call was not
  ///   made, and what the last attempt threw.
  public nonisolated(nonsending) func run<Success>(
    key: String? = nil, priority: RequestPriority = .critical,
    outcome: (Result<Success, any Error>) -> Outcome = Outcome.standard,
    operation: nonisolated(nonsending) (Int) async throws -> Success
  ) async throws -> Success {
    guard let rateLimiter else { return try await limited(priority, outcome, operation) }
    return try await rateLimiter.run(key: key) {
      try await limited(priority, outcome, operation)
    }
  }

  private nonisolated(nonsending) func limited<Success>(
    _ priority: RequestPriority, _ outcome: (Result<Success, any Error>) -> Outcome,
    _ operation: nonisolated(nonsending) (Int) async throws -> Success
  ) async throws -> Success {
    guard let limiter else { return try await broken(outcome, operation) }
    return try await limiter.run(priority: priority, outcome: outcome) {
      try await broken(outcome, operation)
    }
  }

  private nonisolated(nonsending) func broken<Success>(
    _ outcome: (Result<Success, any Error>) -> Outcome,
    _ operation: nonisolated(nonsending) (Int) async throws -> Success
  ) async throws -> Success {
    guard let breaker else { return try await retried(operation) }
    return try await breaker.run(outcome: outcome) { try await retried(operation) }
  }

  private nonisolated(nonsending) func retried<Success>(
    _ operation: nonisolated(nonsending) (Int) async throws -> Success
  ) async throws -> Success {
    guard let retry else { return try await operation(1) }
    return try await retry.run(
      isRetriable: isRetriable, retryAfter: retryAfter, operation: operation)
  }
}
