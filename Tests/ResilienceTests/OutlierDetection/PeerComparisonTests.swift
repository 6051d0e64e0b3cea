import Primitives
import Testing

@testable import Resilience

/// Like is compared with like: what all endpoints answer alike on a route says nothing against one
/// of them.
struct PeerComparisonTests {
  private let start = Instant(nanoseconds: 0)

  /// How many of `failures` in a row count against endpoint 0, whose peers fail at `share` of their
  /// calls.
  private func counted(_ failures: Int, peersFailing share: Double) -> Int {
    var random = RandomSource(seed: 3)
    var machine = PeerComparisonMachine(endpointCount: 3)
    for call in 0..<600 {
      let isFailure = Double(random.below(1_000_000)) < share * 1_000_000
      _ = machine.record(1 + call % 2, route: 1, isFailure: isFailure, now: start)
    }
    return (0..<failures).count { _ in
      machine.record(0, route: 1, isFailure: true, now: start) == .against
    }
  }

  @Test func aFailureWeighsByHowThePeersFare() {
    #expect(counted(100, peersFailing: 0) == 100)
    #expect(counted(100, peersFailing: 1) == 0)
    // A quarter each at a half; two averages, of which the greater counts, make it less.
    #expect((8...26).contains(counted(100, peersFailing: 0.5)))
    #expect(PeerComparisonMachine.weight(0.05) == 1 && PeerComparisonMachine.weight(nil) == 1)
    #expect(abs(PeerComparisonMachine.weight(0.5) - 0.2314) < 0.0001)
    #expect(PeerComparisonMachine.weight(1) == 0)
  }

  @Test func aSuccessNeverCounts() {
    var machine = PeerComparisonMachine(endpointCount: 2)
    let counted = [(0, false), (9, false), (9, true)].map { endpoint, isFailure in
      machine.record(endpoint, route: 1, isFailure: isFailure, now: start)
    }
    #expect(counted == [.none, .none, .against])
  }

  /// A route that breaks everywhere at once excuses before five in a row have counted.
  @Test(arguments: 2...6) func aRouteThatBreaksIsSeenAtOnce(count: Int) {
    var machine = PeerComparisonMachine(endpointCount: count)
    for call in 0..<count * 200 {
      _ = machine.record(call % count, route: 1, isFailure: false, now: start)
    }
    var counted = [Int](repeating: 0, count: count)
    for call in 0..<count * 50 {
      if machine.record(call % count, route: 1, isFailure: true, now: start) == .against {
        counted[call % count] += 1
      }
    }
    #expect(counted.allSatisfy { $0 < 5 }, "\(counted)")
  }

  /// Other routes' failures say nothing about this one, and an endpoint that fails here counts.
  @Test func routesAreComparedEachByItself() {
    var machine = PeerComparisonMachine(endpointCount: 3)
    for call in 0..<300 {
      _ = machine.record(call % 3, route: 1, isFailure: true, now: start)
      _ = machine.record(1 + call % 2, route: 2, isFailure: false, now: start)
    }
    for _ in 0..<5 {
      let evidence = machine.record(0, route: 2, isFailure: true, now: start)
      #expect(evidence == .against)
    }
  }

  /// What peers did minutes ago no longer excuses.
  @Test func whatWasSeenFades() {
    var machine = PeerComparisonMachine(endpointCount: 2)
    for _ in 0..<100 { _ = machine.record(1, route: 1, isFailure: true, now: start) }
    let soon = start.advanced(by: .seconds(29))
    let soonEvidence = machine.record(0, route: 1, isFailure: true, now: soon)
    let laterEvidence = machine.record(
      0, route: 1, isFailure: true, now: start.advanced(by: .seconds(150)))
    #expect(soonEvidence.isExcusedFromEjection && laterEvidence == .against)
  }

  /// When an endpoint fails all it is asked its breaker may open; when one route of several fails,
  /// it may not.
  @Test(arguments: [false, true]) func aFailingServiceIsNoBadRoute(hasGoodRoute: Bool) {
    var machine = PeerComparisonMachine(endpointCount: 2)
    var last = PeerEvidence.none
    for call in 0..<200 {
      if hasGoodRoute {
        for route in UInt64(2)...4 {
          _ = machine.record(call % 2, route: route, isFailure: false, now: start)
        }
      }
      last = machine.record(call % 2, route: 1, isFailure: true, now: start)
    }
    #expect(last == (hasGoodRoute ? .alike : .failingService))
    #expect(last.isExcusedFromEjection && last.isExcusedFromBreaker == hasGoodRoute)
  }

  @Test func routesAreBounded() {
    var machine = PeerComparisonMachine(endpointCount: 2)
    for route in UInt64(0)..<1000 {
      _ = machine.record(0, route: route, isFailure: true, now: start)
      #expect(machine.routes.count <= PeerComparisonMachine.routesMax)
    }
  }

  /// Sums of what was added and taken away stay true over a long time.
  @Test func sumsDoNotDrift() {
    var random = RandomSource(seed: 8)
    var machine = PeerComparisonMachine(endpointCount: 4)
    var now = start
    for _ in 0..<60_000 {
      now = now.advanced(byNanoseconds: Int64(random.below(2_000_000)))
      _ = machine.record(
        Int(random.below(4)), route: 1, isFailure: random.below(3) == 0, now: now)
    }
    for _ in 0..<200 {
      for other in 1..<4 { _ = machine.record(other, route: 1, isFailure: true, now: now) }
    }
    let evidence = machine.record(0, route: 1, isFailure: true, now: now)
    #expect(evidence.isExcusedFromEjection)
  }

  /// A list of endpoints that changes keeps what is known of those that stay, wherever they stand: a
  /// failure that all others have says nothing, also right after the change. Who leaves takes his calls
  /// along.
  @Test func goesWithTheEndpointsThatStay() {
    var machine = PeerComparisonMachine(endpointCount: 3)
    for call in 0..<600 {
      _ = machine.record(call % 3, route: 1, isFailure: call % 3 != 0, now: start)
    }
    // The one that does well leaves; the failing two change places, and a new one comes.
    var next = machine.following([-1, 2, 1])
    let counted = (0..<40).count { _ in
      next.record(0, route: 1, isFailure: true, now: start) == .against
    }
    #expect(counted == 0)
    var alone = machine.following([0])
    #expect(alone.record(0, route: 1, isFailure: true, now: start) == .against)
  }
}
