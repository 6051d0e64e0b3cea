import Primitives
import Resilience
import Synchronization
import Testing

struct HedgeRunTests {
  struct Lost: Error {}

  private final class Log: Sendable {
    let attempts = Atomic<Int>(0)
    let cancelled = Atomic<Int>(0)
  }

  private let clock = ManualClock()
  private let log = Log()

  /// Each attempt sleeps for the duration that stands at its number, or fails where there is none.
  private func call(_ hedge: Hedge, _ durations: [Duration?]) -> Task<Int, any Error> {
    let clock = clock
    let log = log
    return Task {
      try await hedge.run { number in
        log.attempts.add(1, ordering: .relaxed)
        guard let duration = durations[number - 1] else { throw Lost() }
        do {
          try await clock.sleep(for: duration)
        } catch {
          log.cancelled.add(1, ordering: .relaxed)
          throw error
        }
        return number
      }
    }
  }

  /// A hedge that knows latencies of 10 ms.
  private func warmHedge(budget: Share = .all) async throws -> Hedge {
    let hedge = Hedge(
      policy: HedgePolicy(samplesMin: 1, budget: budget, budgetMinimum: 0), clock: clock)
    let first = call(hedge, [.milliseconds(10), nil])
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(10))
    _ = try await first.value
    log.attempts.store(0, ordering: .relaxed)
    return hedge
  }

  @Test func theSecondWinsAndTheFirstIsCancelled() async throws {
    let hedge = try await warmHedge()
    let call = call(hedge, [.seconds(100), .milliseconds(1)])
    await clock.sleepers(2)
    clock.advance(by: .milliseconds(11))
    await clock.sleepers(2)
    clock.advance(by: .milliseconds(1))
    #expect(try await call.value == 2)
    #expect(log.attempts.load(ordering: .relaxed) == 2)
    #expect(log.cancelled.load(ordering: .relaxed) == 1)
  }

  /// If winners alone were learned, nothing would ever look slow, and more and more be hedged.
  @Test func theTimeOfAFirstThatWasCutIsLearned() async throws {
    let hedge = try await warmHedge()
    let slow = call(hedge, [.seconds(100), .milliseconds(5)])
    await clock.sleepers(2)
    clock.advance(by: .milliseconds(40))
    await clock.sleepers(2)
    clock.advance(by: .milliseconds(5))
    #expect(try await slow.value == 2)
    log.attempts.store(0, ordering: .relaxed)
    let next = call(hedge, [.milliseconds(30), .zero])
    await clock.sleepers(2)
    clock.advance(by: .milliseconds(30))
    #expect(try await next.value == 1)
    #expect(log.attempts.load(ordering: .relaxed) == 1)
  }

  @Test func aQuickFirstIsAlone() async throws {
    let hedge = try await warmHedge()
    let call = call(hedge, [.milliseconds(5), .zero])
    await clock.sleepers(2)
    clock.advance(by: .milliseconds(5))
    #expect(try await call.value == 1)
    #expect(log.attempts.load(ordering: .relaxed) == 1)
  }

  @Test func withoutABudgetThereIsNoSecond() async throws {
    let hedge = try await warmHedge(budget: .zero)
    let call = call(hedge, [.milliseconds(50), .zero])
    await clock.sleepers(2)
    clock.advance(by: .milliseconds(11))
    clock.advance(by: .milliseconds(50))
    #expect(try await call.value == 1)
    #expect(log.attempts.load(ordering: .relaxed) == 1)
  }

  @Test func aFailedHedgeLeavesTheFirstToAnswer() async throws {
    let hedge = try await warmHedge()
    let call = call(hedge, [.milliseconds(50), nil])
    await clock.sleepers(2)
    clock.advance(by: .milliseconds(11))
    clock.advance(by: .milliseconds(50))
    #expect(try await call.value == 1)
  }

  @Test func aFailureIsNotRetriedAndPlacesComeBack() async throws {
    let hedge = try await warmHedge()
    let call = call(hedge, [nil, .zero])
    await #expect(throws: Lost.self) { try await call.value }
    #expect(log.attempts.load(ordering: .relaxed) == 1)
  }

  @Test func acallThatIsCancelledEnds() async throws {
    let hedge = try await warmHedge()
    let call = call(hedge, [.seconds(100), .seconds(100)])
    await clock.sleepers(2)
    call.cancel()
    await #expect(throws: CancellationError.self) { try await call.value }
    #expect(log.attempts.load(ordering: .relaxed) == 1)
  }
}
