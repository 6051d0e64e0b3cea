/// Runs `operation` for at most `timeout`; then cancels it and throws `DeadlineExceeded`.
///
/// Structured: it returns only when `operation` has, so an operation that ignores its cancellation
/// holds the caller. Nest it freely, whichever time is up first ends what is inside. A
/// ``CircuitBreaker`` or ``ConcurrencyLimiter`` inside counts a call that the deadline cancelled as
/// a failure, and one whose caller left not at all.
///
/// - Parameters:
///   - timeout: from now on; zero or less cancels at once.
///   - clock: what the time is measured with; tests pass one that they turn by hand.
///   - operation: the call, in a child task.
/// - Throws: ``DeadlineExceeded``, `CancellationError` if the caller was cancelled before
///   `operation` ended by itself, and what `operation` throws.
/// - Complexity: two child tasks and one allocation.
public func withDeadline<Success: Sendable>(
  _ timeout: Duration, clock: some Clock<Duration> = ContinuousClock(),
  operation: @escaping @Sendable () async throws -> Success
) async throws -> Success {
  let scope = DeadlineScope()
  return try await withThrowingTaskGroup(of: Success?.self) { group in
    group.addTask {
      try await DeadlineScope.$current.withValue(scope) { try await operation() }
    }
    group.addTask {
      do {
        try await clock.sleep(for: timeout)
        return nil
      } catch {
        // Cancelled: the caller was, and the operation knows; its own end tells how.
        return nil
      }
    }
    defer { group.cancelAll() }
    while let result = try await group.next() {
      if let success = result { return success }
      if !Task.isCancelled {
        scope.end()
        throw DeadlineExceeded(timeout: timeout)
      }
    }
    throw CancellationError()
  }
}
