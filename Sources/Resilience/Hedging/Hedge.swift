import Primitives

/// Hedging for Swift services: a second attempt when the first is slower than most.
///
/// ```
/// first  ├──────────────────────────╳ cancelled
///        │  delay                   │
/// second └────────▶├────────────────● first success wins
/// ```
/// Only for calls that are harmless to make twice. Latencies are learned from the attempts that
/// answer; until there are enough, nothing is hedged. Structured: `run` returns when the loser has
/// noticed its cancellation. Errors: if every attempt fails, the first failure; a call that fails
/// before its hedge began is not made again, that is `Retry`'s part.
/// Share one `Hedge` among all that call the same service. Cost: two or three child tasks.
public final class Hedge: Sendable {
  /// When a second attempt is made.
  public let policy: HedgePolicy
  private let budget: RetryBudget
  private let digest: Lock<LatencyDigest>
  private let timeline: Timeline
  private let pause: @Sendable (Duration) async throws -> Void

  /// - Parameters:
  ///   - policy: when a second attempt is made.
  ///   - clock: what latencies and the delay are measured with; tests pass one that they turn by
  ///     hand.
  public init(
    policy: HedgePolicy = HedgePolicy(), clock: some Clock<Duration> = ContinuousClock()
  ) {
    self.policy = policy
    timeline = Timeline(clock)
    pause = { try await clock.sleep(for: $0) }
    budget = policy.makeBudget()
    digest = Lock(policy.makeDigest())
  }

  private enum Event<Success: Sendable>: Sendable {
    case success(Success, nanoseconds: Int64)
    case failure(any Error)
    case delayOver
  }

  /// Makes the call, and a second time beside the first if that is slower than most and the budget
  /// has room.
  ///
  /// - Parameter operation: is given the number of the attempt, 1 or 2.
  /// - Returns: what the first attempt to succeed returned; the other is cancelled.
  /// - Throws: the first failure, if no attempt succeeded; `CancellationError` if the caller was
  ///   cancelled first.
  /// - Complexity: one to three child tasks, and a lock twice.
  public func run<Success: Sendable>(
    operation: @escaping @Sendable (Int) async throws -> Success
  ) async throws -> Success {
    budget.requestBegan()
    defer { budget.requestEnded() }
    let timeline = timeline
    let attempt: @Sendable (Int) async -> Event<Success> = { number in
      let began = timeline.now
      do {
        let success = try await operation(number)
        return .success(success, nanoseconds: timeline.now.nanoseconds(since: began))
      } catch {
        return .failure(error)
      }
    }
    let delay = digest.withLock { policy.delay($0, isIdempotent: true) }
    let (success, nanoseconds) = try await race(attempt, after: delay)
    digest.withLock { $0.record(nanoseconds: nanoseconds, now: timeline.now) }
    return success
  }

  private func race<Success: Sendable>(
    _ attempt: @escaping @Sendable (Int) async -> Event<Success>, after delay: Int64?
  ) async throws -> (Success, Int64) {
    try await withThrowingTaskGroup(of: Event<Success>.self) { group in
      var running = 1
      var isHedged = false
      var failure: (any Error)?
      defer {
        group.cancelAll()
        if isHedged { budget.retryEnded() }
      }
      group.addTask { await attempt(1) }
      if let delay {
        group.addTask { [pause] in
          try? await pause(.nanoseconds(delay))
          return .delayOver
        }
      }
      while running > 0, let event = try await group.next() {
        switch event {
        case .success(let success, let nanoseconds): return (success, nanoseconds)
        case .failure(let error):
          running -= 1
          failure = failure ?? error
        case .delayOver:
          if !Task.isCancelled, budget.tryBeginRetry() {
            isHedged = true
            running += 1
            group.addTask { await attempt(2) }
          }
        }
      }
      throw failure ?? CancellationError()
    }
  }
}
