/// All policies around a call, in the right order, of which each may be left out.
///
/// ```
/// fallback ── deadline ── rate limit ── adaptive limit ── breaker ── retries ── hedge ── attempt's deadline ── call
/// ```
///
/// What stands outside decides for all that stands inside: <doc:ComposingPolicies>. Make one for each
/// service that is called, and share it. A value; its copies share the parts.
///
/// ```swift
/// let policy = ResiliencePolicy(deadline: .seconds(5), breaker: breaker, hedge: hedge)
/// let reply = try await policy.run { try await client.get(url) }
/// ```
public struct ResiliencePolicy: Sendable {
  /// How long a call may take in all, waits and attempts included; nil: any time.
  public var deadline: Duration?
  /// What begins no task. Its `run` is for calls that capture what is not `Sendable`.
  public var inPlace: InPlacePolicy
  /// Makes a second attempt beside a slow first one; nil: none. To give one is to say that these calls
  /// may be made twice.
  public var hedge: Hedge?
  /// How long one attempt may take; nil: as long as the call.
  public var attemptDeadline: Duration?
  private let clock: any Clock<Duration>

  /// - Parameters:
  ///   - deadline: for the call; nil: any time.
  ///   - inPlace: rate limit, adaptive limit, breaker, retries.
  ///   - hedge: nil: no second attempt.
  ///   - attemptDeadline: for one attempt; its ``DeadlineExceeded`` is made again only if
  ///     `isRetriable` says so.
  ///   - clock: what the deadlines are measured with; tests pass one that they turn by hand.
  public init(
    deadline: Duration? = nil, inPlace: InPlacePolicy = InPlacePolicy(), hedge: Hedge? = nil,
    attemptDeadline: Duration? = nil, clock: any Clock<Duration> = ContinuousClock()
  ) {
    self.deadline = deadline
    self.inPlace = inPlace
    self.hedge = hedge
    self.attemptDeadline = attemptDeadline
    self.clock = clock
  }

  /// The same for calls that must not be made twice: without retries and without a hedge.
  public var once: ResiliencePolicy {
    var policy = self
    policy.inPlace = inPlace.once
    policy.hedge = nil
    return policy
  }

  /// Makes the call under all of it.
  ///
  /// - Parameters:
  ///   - key: whose rate it counts for; nil: the one that all share.
  ///   - priority: one below ``RequestPriority/critical`` may fill only its part of the limit.
  ///   - outcome: what a result says of the service; by default ``Outcome/standard(_:)``.
  ///   - operation: the call; with retries or a hedge it may run more than once, and at once.
  /// - Throws: ``DeadlineExceeded``, ``RateLimited``, ``ConcurrencyExceeded`` or
  ///   ``CircuitBreakerOpen``, and what the last attempt threw.
  public func run<Success: Sendable>(
    key: String? = nil, priority: RequestPriority = .critical,
    outcome: @escaping @Sendable (Result<Success, any Error>) -> Outcome = Outcome.standard,
    operation: @escaping @Sendable () async throws -> Success
  ) async throws -> Success {
    guard let deadline else { return try await admitted(key, priority, outcome, operation) }
    return try await timed(deadline) {
      try await admitted(key, priority, outcome, operation)
    }
  }

  /// The same, with something else to offer while the breaker refuses: the fallback is for what is not
  /// even tried, and a failure that did happen is thrown as it is.
  ///
  /// - Parameters:
  ///   - key: whose rate it counts for; nil: the one that all share.
  ///   - priority: one below ``RequestPriority/critical`` may fill only its part of the limit.
  ///   - outcome: what a result says of the service; by default ``Outcome/standard(_:)``.
  ///   - operation: the call, as above.
  ///   - fallback: is given the refusal, outside the deadline and every other policy.
  /// - Throws: what the call or the fallback throws.
  public func run<Success: Sendable>(
    key: String? = nil, priority: RequestPriority = .critical,
    outcome: @escaping @Sendable (Result<Success, any Error>) -> Outcome = Outcome.standard,
    operation: @escaping @Sendable () async throws -> Success,
    fallback: @Sendable (CircuitBreakerOpen) async throws -> Success
  ) async throws -> Success {
    do {
      return try await run(
        key: key, priority: priority, outcome: outcome, operation: operation)
    } catch let refusal as CircuitBreakerOpen {
      return try await fallback(refusal)
    }
  }

  private func admitted<Success: Sendable>(
    _ key: String?, _ priority: RequestPriority,
    _ outcome: @escaping @Sendable (Result<Success, any Error>) -> Outcome,
    _ operation: @escaping @Sendable () async throws -> Success
  ) async throws -> Success {
    try await inPlace.run(key: key, priority: priority, outcome: outcome) { _ in
      guard let hedge else { return try await attempt(operation) }
      return try await hedge.run { _ in try await attempt(operation) }
    }
  }

  private func attempt<Success: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Success
  ) async throws -> Success {
    guard let attemptDeadline else { return try await operation() }
    return try await timed(attemptDeadline, operation)
  }

  private func timed<Success: Sendable>(
    _ time: Duration, _ operation: @escaping @Sendable () async throws -> Success
  ) async throws -> Success {
    func open(_ clock: some Clock<Duration>) async throws -> Success {
      try await withDeadline(time, clock: clock, operation: operation)
    }
    return try await open(clock)
  }
}
