import Primitives

/// The entry point for services.
extension CircuitBreaker {
  /// - Parameters:
  ///   - name: what errors call it; that of the service that is called.
  ///   - policy: when it opens and for how long.
  ///   - clock: what durations are measured with; tests pass one that they turn by hand.
  ///   - seed: where the jitter of the open time begins, for a run that can be repeated.
  ///   - onTransition: called once for each change, on the task that caused it, with no lock held.
  public convenience init(
    name: String = "", policy: CircuitBreakerPolicy = CircuitBreakerPolicy(),
    clock: some Clock<Duration> = ContinuousClock(),
    seed: UInt64 = .random(in: .min ... .max),
    onTransition: (@Sendable (Transition) -> Void)? = nil
  ) {
    let timeline = Timeline(clock)
    self.init(
      CircuitBreakerMachine(policy, seed: seed), name: name, clock: { timeline.now },
      onTransition: onTransition)
  }

  /// Makes the call, unless the breaker refuses it, and counts how it went.
  ///
  /// A call that was cancelled counts as a failure if a deadline around it was over
  /// (``withDeadline(_:clock:operation:)``), else as a slow call if it had lasted longer than
  /// `slowCall`, and otherwise neither way; `outcome` is not asked of it.
  ///
  /// - Parameters:
  ///   - outcome: what a result says of the service. By default every error is a failure but the
  ///     refusals of this library: ``Outcome/standard(_:)``.
  ///   - operation: the call. It runs where the caller does.
  /// - Returns: what `operation` returns, counted as a failure or not.
  /// - Throws: ``CircuitBreakerOpen`` if the call was not made, and what `operation` throws.
  /// - Complexity: two readings of the clock; while closed one atomic load before the call, and a
  ///   lock after it.
  public nonisolated(nonsending) func run<Success>(
    outcome: (Result<Success, any Error>) -> Outcome = Outcome.standard,
    operation: nonisolated(nonsending) () async throws -> Success
  ) async throws -> Success {
    let began = clock()
    let ticket = try enter(began)
    let result: Result<Success, any Error>
    do {
      result = .success(try await operation())
    } catch {
      result = .failure(error)
    }
    let ended = clock()
    report(
      record(
        ticket, .of(result, outcome), nanoseconds: ended.nanoseconds(since: began), now: ended))
    return try result.get()
  }

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
      throw CircuitBreakerOpen(
        name: name, retryAfter: .nanoseconds(nanoseconds), opening: figures(now: now).opening)
    }
  }

  private func report(_ transition: Transition?) {
    if let transition { onTransition?(transition) }
  }
}
