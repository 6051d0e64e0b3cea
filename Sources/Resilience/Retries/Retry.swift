import Primitives

/// Retries for Swift services: the proxy's attempts, back-off and budget around any async call.
///
/// ```swift
/// let retry = Retry(policy: RetryPolicy(attempts: 3), budget: budget)
/// let reply = try await retry.run(isRetriable: isConnectionLost) { attempt in
///   try await client.get(url, headers: ["x-attempt": "\(attempt)"])
/// }
/// ```
/// Which errors are worth and safe to retry is the caller's to say, who alone knows the call:
/// <doc:NeverActTwice>. An attempt's own time is bounded by ``withDeadline(_:clock:operation:)``
/// inside `run`. Share one budget among all that call the same service. A cancelled task is never
/// retried. A value, cheap to copy; its copies share the budget.
public struct Retry: Sendable {
  /// How often and after how long.
  public let policy: RetryPolicy
  /// How many at once, over all calls.
  public let budget: RetryBudget?
  private let clock: any Clock<Duration>
  private let seed: UInt64?

  /// - Parameters:
  ///   - policy: how often and after how long.
  ///   - budget: of all retries of one service; nil: only the attempts of each call are bounded.
  ///   - clock: what waits are measured with; tests pass one that they turn by hand.
  ///   - seed: of the back-off's jitter, for a run that can be repeated.
  public init(
    policy: RetryPolicy = RetryPolicy(), budget: RetryBudget? = nil,
    clock: any Clock<Duration> = ContinuousClock(), seed: UInt64? = nil
  ) {
    self.policy = policy
    self.budget = budget
    self.clock = clock
    self.seed = seed
  }

  /// Makes the call, and again while its error allows it, attempts are left and the budget has
  /// room.
  ///
  /// - Parameters:
  ///   - isRetriable: whether an error calls for another attempt and allows it.
  ///   - retryAfter: how long the service asked to be left alone. Waited for on top of the
  ///     back-off; longer than the policy's `retryAfterMax` gives up.
  ///   - operation: is given the number of the attempt, from 1. It runs where the caller does.
  /// - Throws: what the last attempt threw; `CancellationError` if the task was cancelled while it
  ///   waited.
  /// - Complexity: two atomic additions for a call that succeeds at once.
  public nonisolated(nonsending) func run<Success>(
    isRetriable: (any Error) -> Bool,
    retryAfter: (any Error) -> Duration? = { _ in nil },
    operation: nonisolated(nonsending) (Int) async throws -> Success
  ) async throws -> Success {
    var random = RandomSource(seed: seed ?? UInt64.random(in: 0 ... .max))
    budget?.requestBegan()
    var holdsRetry = false
    defer {
      if holdsRetry { budget?.retryEnded() }
      budget?.requestEnded()
    }
    var attempt = 1
    while true {
      do {
        return try await operation(attempt)
      } catch {
        // A place in the budget is given back before the next is asked for.
        if holdsRetry { budget?.retryEnded() }
        holdsRetry = false
        guard attempt < policy.attempts, !(error is CancellationError), !Task.isCancelled,
          isRetriable(error),
          let wait = wait(attempt, retryAfter(error)?.nanosecondsClamped ?? 0, &random)
        else { throw error }
        holdsRetry = budget?.tryBeginRetry() ?? false
        if budget != nil, !holdsRetry { throw error }
        try await clock.sleep(for: .nanoseconds(wait))
        attempt += 1
      }
    }
  }

  /// Nil: longer than the policy waits.
  private func wait(_ attempt: Int, _ retryAfter: Int64, _ random: inout RandomSource) -> Int64? {
    if retryAfter > policy.retryAfterMaxNanoseconds { return nil }
    let jitter = policy.backoff.nanoseconds(retry: attempt, random: &random)
    return Instant(nanoseconds: max(0, retryAfter)).advanced(byNanoseconds: jitter).nanoseconds
  }
}
