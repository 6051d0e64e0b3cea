import Primitives
import Testing

@testable import Resilience

/// The detector's machine against its slow reference, over random policies, endpoints and events.
///
/// 275 runs of 4,000 events: a million a run of the tests. A run that fails prints its seed.
struct OutlierModelTests {
  /// First seeds of rows of 25 that found a fault once.
  private static let kept: [UInt64] = [1]

  @Test(arguments: kept + (1..<11).map { $0 * 1_000 })
  func agreesWithTheReference(first: UInt64) {
    var causes: [OutlierDetector.Cause: Int] = [:]
    var returns: [OutlierDetector.ReturnCause: Int] = [:]
    for seed in first..<first + 25 {
      var run = OutlierRun(seed: seed)
      do {
        for _ in 0..<4_000 { try run.step() }
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
      causes.merge(run.causes, uniquingKeysWith: +)
      returns.merge(run.returns, uniquingKeysWith: +)
    }
    // Runs in which nothing happens prove nothing.
    for cause in OutlierDetector.Cause.allCases { #expect(causes[cause] ?? 0 > 0, "\(cause)") }
    for cause in OutlierDetector.ReturnCause.allCases {
      #expect(returns[cause] ?? 0 > 0, "\(cause)")
    }
  }
}
