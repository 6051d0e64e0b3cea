import Primitives
import Resilience
import Testing

struct DeadlineRunTests {
  struct Lost: Error {}
  private let clock = ManualClock()

  @Test func whatIsInTimeReturns() async throws {
    #expect(try await withDeadline(.seconds(1), clock: clock) { 7 } == 7)
    await #expect(throws: Lost.self) {
      try await withDeadline(.seconds(1), clock: clock) { throw Lost() }
    }
  }

  @Test func whatIsLateIsCancelled() async throws {
    let clock = clock
    let call = Task {
      try await withDeadline(.seconds(1), clock: clock) {
        try await clock.sleep(for: .seconds(100))
      }
    }
    await clock.sleepers(2)
    clock.advance(by: .seconds(1))
    await #expect(throws: DeadlineExceeded(timeout: .seconds(1))) { try await call.value }
  }

  @Test func aCancelledCallerIsNoDeadline() async throws {
    let clock = clock
    let call = Task {
      try await withDeadline(.seconds(1), clock: clock) {
        try await clock.sleep(for: .seconds(100))
      }
    }
    await clock.sleepers(2)
    call.cancel()
    await #expect(throws: CancellationError.self) { try await call.value }
  }
}
