import Primitives
import Synchronization
import Testing

@testable import Resilience

/// A breaker between threads: each change is told once, and the probes are never too many.
struct CircuitBreakerThreadTests {
  /// What the threads share beside the breaker.
  private final class Stage: Sendable {
    let breaker: CircuitBreaker
    let clock = Atomic<Int64>(0)
    let probes = Atomic<Int>(0)

    init(_ breaker: CircuitBreaker) {
      self.breaker = breaker
    }
  }

  /// What one thread was told.
  private struct Told {
    var transitions: [CircuitBreaker.Transition] = []
    var probesOver = 0
  }

  @Test(arguments: [UInt64(3), 4, 5]) func everyTransitionIsToldOnce(seed: UInt64) async {
    var policy = CircuitBreakerPolicy()
    policy.openFor = .milliseconds(1)
    policy.openForMax = .milliseconds(2)
    policy.recovery = .microseconds(100)
    policy.halfOpenCalls = 1
    let breaker = CircuitBreaker(policy, seed: seed)
    let stage = Stage(breaker)
    let first = breaker.machine.withLock(\.generation)
    let told = await withTaskGroup(of: Told.self) { group in
      for thread in UInt64(0)..<2 {
        group.addTask {
          Self.hammer(stage, RandomSource(seed: seed &* 100 &+ thread))
        }
      }
      return await group.reduce(into: Told()) { all, one in
        all.transitions += one.transitions
        all.probesOver += one.probesOver
      }
    }
    let generation = breaker.machine.withLock(\.generation) - first
    // The end of a recovery is no new generation: what was admitted before it counts.
    let ends = told.transitions.count { $0.reason == .recoveryEnded }
    #expect(UInt64(told.transitions.count - ends) == generation, "seed \(seed)")
    #expect(generation > 100, "seed \(seed): too quiet")
    #expect(told.probesOver == 0, "seed \(seed)")
    // Each state is left as often as it is entered, but for the last one.
    for state in [CircuitBreaker.State.closed, .recovering, .open, .halfOpen] {
      let entered = told.transitions.count { $0.to == state } + (state == .closed ? 1 : 0)
      let left = told.transitions.count { $0.from == state }
      #expect(entered - left == (breaker.state == state ? 1 : 0), "seed \(seed), \(state)")
    }
  }

  /// 100,000 calls; sick and well by turns of 100 µs.
  private static func hammer(_ stage: Stage, _ source: RandomSource) -> Told {
    var random = source
    var told = Told()
    for _ in 0..<100_000 {
      let now = Instant(
        nanoseconds: stage.clock.wrappingAdd(1_000, ordering: .relaxed).newValue)
      guard case .admitted(let ticket) = stage.breaker.admit(now: now) else { continue }
      if let began = ticket.transition(at: now) { told.transitions.append(began) }
      if ticket.isProbe, stage.probes.wrappingAdd(1, ordering: .relaxed).newValue > 1 {
        told.probesOver += 1
      }
      let isSick = now.nanoseconds / 100_000 % 2 == 0 && random.below(4) > 0
      if ticket.isProbe { stage.probes.wrappingSubtract(1, ordering: .relaxed) }
      let transition = stage.breaker.record(
        ticket, isSick ? .failure : .success, nanoseconds: 10, now: now)
      if let transition { told.transitions.append(transition) }
    }
    return told
  }
}
