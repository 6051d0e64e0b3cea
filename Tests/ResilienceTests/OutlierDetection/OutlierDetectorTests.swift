import Primitives
import Testing

@testable import Resilience

/// The detector's promises, one by one.
struct OutlierDetectorTests {
  private let start = Instant(nanoseconds: 0)

  private func at(_ duration: Duration) -> Instant { start.advanced(by: duration) }

  private func detector(
    of count: Int, _ change: (inout OutlierPolicy) -> Void = { _ in }
  ) -> OutlierDetector {
    var policy = OutlierPolicy()
    change(&policy)
    let detector = OutlierDetector(policy, seed: 3, now: start)
    for slot in 0..<count { #expect(detector.join() == slot) }
    return detector
  }

  private func record(
    _ detector: OutlierDetector, _ slot: Int, _ result: AttemptResult, times: Int = 1,
    took: Duration = .milliseconds(10), _ now: Instant? = nil
  ) -> [OutlierDetector.Ejection] {
    (0..<times).compactMap { _ in
      detector.record(slot, result, nanoseconds: took.nanosecondsClamped, now: now ?? start)
    }
  }

  private func ejected(_ changes: [OutlierDetector.Change]) -> [Int] {
    changes.compactMap { if case .ejected(let ejection) = $0 { ejection.slot } else { nil } }
  }

  @Test func theDefaultsAreThoseOfTheReference() throws {
    let policy = OutlierPolicy()
    #expect(policy.consecutive5xx == 5 && policy.consecutiveGatewayFailures == nil)
    #expect(policy.consecutiveLocalOriginFailures == 5 && policy.interval == .seconds(10))
    #expect(policy.baseEjection == .seconds(30) && policy.maxEjection == .seconds(300))
    #expect(policy.ejectionJitter == .zero && policy.maxEjected == .percent(50))
    let rate = try #require(policy.successRate)
    #expect(rate.minimumEndpoints == 5 && rate.minimumCalls == 100 && rate.deviations == 1.9)
    #expect(policy.failurePercentage == nil)
    let failing = OutlierPolicy.FailurePercentage()
    #expect(failing.threshold == .percent(85) && failing.minimumEndpoints == 5)
    #expect(failing.minimumCalls == 50)
    let latency = try #require(policy.latency)
    #expect(latency.factor == 3 && latency.floor == .milliseconds(50))
    #expect(latency.minimumEndpoints == 3 && latency.minimumCalls == 20)
  }

  @Test(arguments: [AttemptResult.status5xx, .gatewayFailure, .localOriginFailure])
  func fiveInARowEject(result: AttemptResult) {
    let detector = detector(of: 3)
    #expect(record(detector, 1, result, times: 4).isEmpty)
    #expect(record(detector, 1, .success).isEmpty)
    #expect(record(detector, 1, result, times: 4).isEmpty)
    #expect(record(detector, 1, .ignored).isEmpty)
    #expect(record(detector, 1, result).map(\.until) == [at(.seconds(30))])
  }

  @Test(arguments: [AttemptResult.connectRefused, .wrongIdentity])
  func aDeadOrForeignAddressEjectsAtOnce(result: AttemptResult) {
    let detector = detector(of: 3)
    #expect(record(detector, 0, result).count == 1 && detector.isEjected(0))
  }

  /// Envoy's 10 % of three is none; ours is one, and never all.
  @Test(arguments: [(1, 0), (2, 1), (3, 1), (4, 1), (5, 1), (9, 1), (10, 1), (20, 2)])
  func fewEndpoints(count: Int, most: Int) {
    let detector = detector(of: count) { $0.maxEjected = .percent(10) }
    for slot in 0..<count { _ = record(detector, slot, .connectRefused) }
    #expect(detector.ejectedCount == most)
    #expect(OutlierPolicy().ejectedMax(of: count) == (count == 1 ? 0 : max(count / 2, 1)))
  }

  @Test func aShareOfZeroEjectsNone() {
    let detector = detector(of: 4) { $0.maxEjected = .zero }
    #expect(record(detector, 0, .connectRefused).isEmpty)
  }

  @Test func theLastOneThatIsHealthyStays() {
    let detector = detector(of: 3) { $0.maxEjected = .all }
    _ = detector.mark(1, isHealthy: false, now: start)
    #expect(record(detector, 0, .connectRefused).count == 1)
    #expect(record(detector, 2, .connectRefused, times: 9).isEmpty)
    _ = detector.mark(1, isHealthy: true, now: start)
    #expect(record(detector, 2, .connectRefused).count == 1)
  }

  @Test func ejectionsGrowAndAreForgotten() throws {
    let detector = detector(of: 2)
    var now = start
    var times: [Duration] = []
    for _ in 0..<12 {
      let ejection = try #require(record(detector, 0, .connectRefused, now).first)
      times.append(ejection.until.duration(since: now))
      now = ejection.until
      #expect(detector.nextChange <= now)
      #expect(detector.advance(now: now).contains(.returned(slot: 0, cause: .timeServed, at: now)))
    }
    #expect(times == (1...12).map { min(.seconds(30 * $0), .seconds(300)) })
    for _ in 0..<10 {
      now = now.advanced(by: .seconds(10))
      _ = detector.advance(now: now)
    }
    #expect(record(detector, 0, .connectRefused, now).map(\.count) == [3])
  }

  @Test func aHealthyAnswerBringsBack() {
    let detector = detector(of: 2)
    #expect(detector.uneject(0, now: start) == nil)
    _ = record(detector, 0, .connectRefused)
    #expect(detector.uneject(0, now: start) != nil && detector.uneject(0, now: start) == nil)
    _ = record(detector, 0, .connectRefused)
    #expect(
      detector.mark(0, isHealthy: true, now: start)
        == .returned(slot: 0, cause: .healthCheck, at: start))
  }

  @Test func whenOthersLeaveTheEjectedReturn() {
    let detector = detector(of: 4)
    _ = record(detector, 0, .connectRefused)
    _ = record(detector, 1, .connectRefused, at(.seconds(1)))
    #expect(
      detector.leave(2, now: at(.seconds(2)))
        == [.returned(slot: 0, cause: .membership, at: at(.seconds(2)))])
    #expect(!detector.isEjected(2) && detector.join() == 4)
  }

  /// A single bad one of four is at most 1.73 deviations away, of five 2.
  @Test(arguments: [(4, []), (5, [4])])
  func aSuccessRateFarBelowTheMean(count: Int, outliers: [Int]) {
    let detector = detector(of: count) {
      $0.consecutive5xx = nil
      $0.successRate?.minimumEndpoints = 4
    }
    for slot in 0..<count {
      let failures = slot == count - 1 ? 40 : 1
      _ = record(detector, slot, .status5xx, times: failures)
      _ = record(detector, slot, .success, times: 100 - failures)
    }
    #expect(detector.advance(now: at(.seconds(9))).isEmpty)
    #expect(ejected(detector.advance(now: at(.seconds(10)))) == outliers)
  }

  /// Where the others never fail, one that fails a little is far away in deviations only.
  @Test(arguments: [(5, []), (6, [5]), (60, [5])])
  func aSuccessRateBarelyBelowTheMean(failures: Int, outliers: [Int]) {
    let detector = detector(of: 6) { $0.consecutive5xx = nil }
    for slot in 0..<6 {
      let failures = slot == 5 ? failures : 0
      _ = record(detector, slot, .status5xx, times: failures)
      _ = record(detector, slot, .success, times: 100 - failures)
    }
    #expect(ejected(detector.advance(now: at(.seconds(10)))) == outliers)
  }

  @Test func equalRatesAreNoOutliers() {
    let detector = detector(of: 7) {
      $0.consecutive5xx = nil
      $0.successRate?.deviations = 0
    }
    for slot in 0..<7 {
      _ = record(detector, slot, .status5xx, times: 33)
      _ = record(detector, slot, .success, times: 67)
    }
    #expect(detector.advance(now: at(.seconds(10))).isEmpty)
  }

  /// 160 ms against 20 ms; not 40 ms, which is under the floor; nor one call of 30 s.
  @Test(arguments: [(160, [2]), (40, []), (55, [])])
  func aSlowOneAmongItsPeers(milliseconds: Int, outliers: [Int]) {
    let detector = detector(of: 3)
    for slot in 0..<3 {
      let took = Duration.milliseconds(slot == 2 ? milliseconds : 20)
      _ = record(detector, slot, .success, times: 20, took: took)
    }
    _ = record(detector, 0, .success, took: .seconds(30))
    #expect(ejected(detector.advance(now: at(.seconds(10)))) == outliers)
  }
}
