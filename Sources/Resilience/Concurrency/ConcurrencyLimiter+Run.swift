import Primitives

/// The entry point for services.
extension ConcurrencyLimiter {
  /// Makes the call if there is a place, and learns from how long it took.
  ///
  /// A call that was cancelled counts as a failure if a deadline around it was over
  /// (``withDeadline(_:clock:operation:)``); else it would have taken at least as long as it had
  /// lasted, which counts if that is long. `outcome` is not asked of it.
  ///
  /// - Parameters:
  ///   - priority: one below ``RequestPriority/critical`` may fill only its part of the limit.
  ///   - shedder: which part that is.
  ///   - outcome: what a result says of the service; by default ``Outcome/standard(_:)``.
  ///   - operation: the call. It runs where the caller does.
  /// - Throws: ``ConcurrencyExceeded`` if the call was not made, and what `operation` throws.
  /// - Complexity: two readings of the clock, an atomic exchange before the call, and a lock after
  ///   it.
  public nonisolated(nonsending) func run<Success>(
    priority: RequestPriority = .critical, shedder: PriorityShedder = PriorityShedder(),
    outcome: (Result<Success, any Error>) -> Outcome = Outcome.standard,
    operation: nonisolated(nonsending) () async throws -> Success
  ) async throws -> Success {
    guard acquire(shedder.ceiling(priority)) else {
      throw ConcurrencyExceeded(name: name, limit: limit)
    }
    let began = timeline.now
    let result: Result<Success, any Error>
    do {
      result = .success(try await operation())
    } catch {
      result = .failure(error)
    }
    let now = timeline.now
    let nanoseconds = now.nanoseconds(since: began)
    let verdict = Outcome.of(result, outcome)
    if verdict == .ignored, Task.isCancelled {
      release(atLeast: nanoseconds, now: now)
    } else {
      release(nanoseconds: nanoseconds, outcome: verdict, now: now)
    }
    return try result.get()
  }
}
