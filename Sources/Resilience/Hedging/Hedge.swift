import Primitives

/// Hedging for Swift services: a second attempt when the first is slower than most.
///
/// ```
/// first  ├──────────────────────────╳ cancelled
///        │  delay                   │
/// second └────────▶├────────────────● first success wins
/// ```
/// Only for calls that are harmless to make twice. Latencies are learned from first attempts, of one
/// that was cut for its hedge the time it had taken: if only winners counted, what is slow would
/// never be seen, and far more calls be hedged than the percentile says. Until there are enough,
/// nothing is hedged. Structured: `run` returns when the loser has
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

  /// Calls and hedges that are under way, of one instant.
  public var inFlight: (calls: Int, hedges: Int) {
    let (requests, retries) = budget.inFlight
    return (requests, retries)
  }

  /// After how long a call is hedged now; nil: too few are known yet.
  public var delay: Duration? {
    digest.withLock { policy.delay($0, isIdempotent: true) }.map { .nanoseconds($0) }
  }

  private enum Event<Success: Sendable>: Sendable {
    case success(Success)
    case failure(any Error, attempt: Int)
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
    let attempt: @Sendable (Int) async -> Event<Success> = { number in
      do {
        return .success(try await operation(number))
      } catch {
        return .failure(error, attempt: number)
      }
    }
    let delay = digest.withLock { policy.delay($0, isIdempotent: true) }
    return try await race(attempt, after: delay)
  }

  private func race<Success: Sendable>(
    _ attempt: @escaping @Sendable (Int) async -> Event<Success>, after delay: Int64?
  ) async throws -> Success {
    let began = timeline.now
    return try await withThrowingTaskGroup(of: Event<Success>.self) { group in
      var running = 1
      var isHedged = false
      var failure: (any Error)?
      var hasFirstFailed = false
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
        case .success(let success):
          if !hasFirstFailed { learn(since: began) }
          return success
        case .failure(let error, let attempt):
          running -= 1
          failure = failure ?? error
          if attempt == 1 {
            hasFirstFailed = true
          } else if isHedged {
            // Its place is free for another call's hedge.
            isHedged = false
            budget.retryEnded()
          }
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

  /// The first attempt has answered, or is cut because its hedge has.
  private func learn(since began: Instant) {
    let now = timeline.now
    digest.withLock { $0.record(nanoseconds: now.nanoseconds(since: began), now: now) }
  }
}
