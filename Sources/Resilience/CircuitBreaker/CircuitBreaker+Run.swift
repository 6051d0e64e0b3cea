import Primitives

extension CircuitBreaker {
  /// A breaker for `run`.
  ///
  /// `clock`: what durations are measured with; tests pass one that they turn by hand. `seed`:
  /// where the jitter of the open time begins. `onTransition`: called once for each change, on the
  /// task that caused it.
  public convenience init(
    _ policy: CircuitBreakerPolicy = CircuitBreakerPolicy(),
    clock: any Clock<Duration> = ContinuousClock(),
    seed: UInt64 = .random(in: .min ... .max),
    onTransition: (@Sendable (Transition) -> Void)? = nil
  ) {
    self.init(
      CircuitBreakerMachine(policy, seed: seed), clock: Self.reading(clock),
      onTransition: onTransition)
  }

  /// Makes the call, unless the breaker refuses it.
  ///
  /// `isFailure` says which results speak against the service: by default every error that
  /// `body` throws. A call that was cancelled counts neither way.
  /// Errors: `CircuitBreakerOpen`, or what `body` throws.
  public func run<R>(
    isolation: isolated (any Actor)? = #isolation,
    isFailure: (Result<R, any Error>) -> Bool = CircuitBreaker.threw,
    _ body: () async throws -> R
  ) async throws -> R {
    let start = clock()
    let ticket = try enter(start)
    let result: Result<R, any Error>
    do {
      result = .success(try await body())
    } catch {
      result = .failure(error)
    }
    let end = clock()
    let outcome = Self.outcome(result, isFailure)
    report(record(ticket, outcome, nanoseconds: end.nanoseconds(since: start), now: end))
    return try result.get()
  }

  /// The default of `run`: every error is a failure.
  public static func threw<R>(_ result: Result<R, any Error>) -> Bool {
    if case .failure = result { return true }
    return false
  }

  /// What the breaker is doing now.
  public var currentState: State { state }

  /// Forces the breaker open, or lets it go again.
  public func set(_ mode: CircuitBreakerPolicy.Mode) {
    report(set(mode, now: clock()))
  }

  private func enter(_ now: Instant) throws -> Ticket {
    switch admit(now: now) {
    case .admitted(let ticket):
      report(ticket.transition(at: now))
      return ticket
    case .refused(let nanoseconds):
      throw CircuitBreakerOpen(retryAfter: .nanoseconds(nanoseconds))
    }
  }

  private func report(_ transition: Transition?) {
    if let transition { onTransition?(transition) }
  }

  private static func outcome<R>(
    _ result: Result<R, any Error>, _ isFailure: (Result<R, any Error>) -> Bool
  ) -> Outcome {
    if case .failure(let error) = result, error is CancellationError { return .ignored }
    if Task.isCancelled, case .failure = result { return .ignored }
    return isFailure(result) ? .failure : .success
  }

  /// Instants count from now.
  private static func reading(_ clock: some Clock<Duration>) -> @Sendable () -> Instant {
    let start = clock.now
    return { Instant(nanoseconds: start.duration(to: clock.now).nanosecondsClamped) }
  }
}
