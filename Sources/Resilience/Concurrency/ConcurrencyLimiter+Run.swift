import Primitives

/// The entry point for services.
extension ConcurrencyLimiter {
  /// Runs `operation` if there is a place, and learns from how long it took.
  ///
  /// - Parameters:
  ///   - priority: one below `critical` may fill only its part of the limit.
  ///   - outcome: what an error says of the service; cancellation is always ignored.
  /// - Throws: `ConcurrencyExceeded`, and what `operation` throws.
  public nonisolated(nonsending) func run<Success>(
    priority: RequestPriority = .critical, shedder: PriorityShedder = PriorityShedder(),
    outcome: (any Error) -> Outcome = { _ in .failure },
    operation: nonisolated(nonsending) () async throws -> Success
  ) async throws -> Success {
    guard acquire(shedder.ceiling(priority)) else { throw ConcurrencyExceeded(limit: limit) }
    let began = timeline.now
    do {
      let success = try await operation()
      finish(began, .success)
      return success
    } catch let error as CancellationError {
      finish(began, .ignored)
      throw error
    } catch {
      finish(began, outcome(error))
      throw error
    }
  }

  private func finish(_ began: Instant, _ outcome: Outcome) {
    let now = timeline.now
    release(nanoseconds: now.nanoseconds(since: began), outcome: outcome, now: now)
  }
}
