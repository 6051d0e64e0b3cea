import Primitives
import Testing

@testable import Resilience

/// The kind: a protection that takes the last thing that works. Endpoints of which one is down at a
/// time, or all are.
struct OutlierLastResortTests {
  private let start = Instant(nanoseconds: 0)

  private func at(_ duration: Duration) -> Instant { start.advanced(by: duration) }

  private func machine(
    of count: Int, _ change: (inout OutlierPolicy) -> Void = { _ in }
  ) -> OutlierDetectorMachine {
    var policy = OutlierPolicy()
    change(&policy)
    var machine = OutlierDetectorMachine(policy, seed: 1, now: start)
    for _ in 0..<count { _ = machine.join() }
    return machine
  }

  private func ejected(_ machine: OutlierDetectorMachine, _ count: Int) -> [Int] {
    (0..<count).filter(machine.isEjected)
  }

  /// A second, doubled each time, and never longer than other ejections last.
  @Test(arguments: [(30, [1, 2, 4, 8, 16, 32, 64, 128]), (3, [1, 2, 4, 8, 15, 18, 21, 24])])
  func whoRefusesIsLookedAtAgainSoon(base: Int, seconds: [Int]) throws {
    var machine = machine(of: 2) { $0.baseEjection = .seconds(base) }
    var now = start
    for expected in seconds {
      let changes = machine.record(0, .connectRefused, nanoseconds: 1, now)
      guard case .ejected(let ejection)? = changes.first else {
        Issue.record("\(changes)")
        return
      }
      #expect(ejection.until.duration(since: now) == .seconds(expected))
      now = ejection.until
      _ = machine.advance(now)
      #expect(!machine.isEjected(0))
    }
  }

  /// Two replicas restart one after the other: when the second is refused the first returns at
  /// once, and when the first has answered the second is ejected.
  @Test func theFirstReturnsWhenTheSecondGoesDown() {
    var machine = machine(of: 2)
    for _ in 0..<5 { _ = machine.record(0, .localOriginFailure, nanoseconds: 1, start) }
    #expect(ejected(machine, 2) == [0])
    let later = at(.seconds(3))
    let first = machine.record(1, .connectRefused, nanoseconds: 1, later)
    #expect(first == [.returned(slot: 0, cause: .lastResort, at: later)])
    #expect(ejected(machine, 2).isEmpty)
    // None is sound: the second stays until the first has answered.
    let second = machine.record(1, .connectRefused, nanoseconds: 1, later)
    #expect(second.isEmpty)
    _ = machine.record(0, .success, nanoseconds: 1, later)
    let third = machine.record(1, .connectRefused, nanoseconds: 1, later)
    #expect(third.count == 1 && ejected(machine, 2) == [1])
  }

  /// While all are down nothing goes to and fro, however many results there are.
  @Test(arguments: 2...9)
  func whenAllAreDownNobodyIsEjectedAndNothingFlaps(count: Int) {
    var machine = machine(of: count) { $0.maxEjected = .all }
    var changes = 0
    for round in 0..<1000 {
      let now = at(.milliseconds(round))
      for slot in 0..<count where !machine.isEjected(slot) {
        changes += machine.record(slot, .connectRefused, nanoseconds: 1, now).count
      }
    }
    #expect(changes <= 2 * count, "\(changes) changes")
    #expect(ejected(machine, count).isEmpty)
  }

  /// There is always one of one, two and three endpoints to be asked, whatever fails.
  @Test(arguments: 1...3, [0, 10, 50, 67, 100])
  func oneIsAlwaysLeft(count: Int, percent: Int) {
    var random = RandomSource(seed: UInt64(count * 1000 + percent))
    var machine = machine(of: count) { $0.maxEjected = .percent(percent) }
    for step in 0..<5000 {
      let now = at(.milliseconds(step * 7))
      let slot = Int(random.below(UInt32(count)))
      let results: [AttemptResult] = [.connectRefused, .status5xx, .localOriginFailure, .success]
      _ = machine.record(slot, results[Int(random.below(4))], nanoseconds: 1, now)
      _ = machine.advance(now)
      #expect(ejected(machine, count).count < max(count, 1))
    }
  }

  /// The mark of the last one goes with its time, its success or a good check, so that it can be
  /// ejected later.
  @Test(arguments: ["time", "success", "check"]) func theMarkOfTheLastOneEnds(how: String) {
    var machine = machine(of: 2)
    _ = machine.mark(1, isHealthy: false, start)
    _ = machine.record(0, .connectRefused, nanoseconds: 1, start)
    _ = machine.mark(1, isHealthy: true, start)
    #expect(machine.nextChange == at(.seconds(1)))
    switch how {
    case "time": _ = machine.advance(at(.seconds(1)))
    case "success": _ = machine.record(0, .success, nanoseconds: 1, start)
    default: _ = machine.mark(0, isHealthy: true, start)
    }
    // Endpoint 0 is sound: the other may be ejected beside it.
    let changes = machine.record(1, .connectRefused, nanoseconds: 1, at(.seconds(1)))
    #expect(changes.count == 1 && machine.isEjected(1))
  }
}
