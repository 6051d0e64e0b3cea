/// Runs `operation` for at most `timeout`; then cancels it and throws `DeadlineExceeded`.
///
/// Structured: it returns only when `operation` has, so an operation that ignores its cancellation
/// holds the caller. Errors of `operation` pass through. Nest it freely, the shortest time wins.
/// Cost: two child tasks.
public func withDeadline<Success: Sendable>(
  _ timeout: Duration, clock: some Clock<Duration> = ContinuousClock(),
  operation: @escaping @Sendable () async throws -> Success
) async throws -> Success {
  try await withThrowingTaskGroup(of: Success?.self) { group in
    group.addTask { try await operation() }
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
      if !Task.isCancelled { throw DeadlineExceeded(timeout: timeout) }
    }
    throw CancellationError()
  }
}
