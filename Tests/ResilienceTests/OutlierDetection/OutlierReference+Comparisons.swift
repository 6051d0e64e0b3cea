import Primitives

@testable import Resilience

extension OutlierReference {
  /// Each finds the slots to eject, the worst first.
  var comparisons: [(OutlierDetector.Cause, (OutlierReference) -> [Int])] {
    [
      (.successRate, { $0.farBelowTheMean() }), (.failurePercentage, { $0.failingTooMuch() }),
      (.latency, { $0.slow() }),
    ]
  }

  private func present(_ calls: Int) -> [(slot: Int, endpoint: Endpoint)] {
    slots.compactMap { slot in
      guard let endpoint = endpoints[slot], endpoint.ejectedUntil == nil,
        endpoint.history.count >= calls
      else { return nil }
      return (slot, endpoint)
    }
  }

  private func successRate(_ endpoint: Endpoint) -> Double {
    Double(endpoint.history.count { $0 == .success }) / Double(endpoint.history.count)
  }

  private func worstFirst(_ found: [(slot: Int, badness: Double)]) -> [Int] {
    // Badness that differs by less than the machine's millionths is the same.
    found.map { ($0.slot, ($0.badness * 1_000_000 - 0.5e-6).rounded(.up)) }
      .sorted { $0.1 > $1.1 || $0.1 == $1.1 && $0.0 < $1.0 }.map(\.0)
  }

  /// In floating point, where the machine has whole numbers of millionths.
  private func farBelowTheMean() -> [Int] {
    guard let rule = policy.successRate else { return [] }
    let seen = present(rule.minimumCalls)
    guard seen.count >= rule.minimumEndpoints else { return [] }
    let rates = seen.map { successRate($0.endpoint) }
    let mean = rates.reduce(0, +) / Double(rates.count)
    let squares = rates.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
    let threshold = mean - rule.deviations * (squares / Double(rates.count)).squareRoot()
    return worstFirst(
      zip(seen, rates)
        .filter { $0.1 < threshold - 1e-7 && mean - $0.1 >= rule.gapMin.fraction - 1e-7 }.map {
          ($0.0.slot, 1 - $0.1)
        })
  }

  private func failingTooMuch() -> [Int] {
    guard let rule = policy.failurePercentage else { return [] }
    let seen = present(rule.minimumCalls)
    guard seen.count >= rule.minimumEndpoints else { return [] }
    return worstFirst(
      seen.map { ($0.slot, 1 - successRate($0.endpoint)) }
        .filter { $0.1 > 0 && $0.1 >= rule.threshold.fraction - 1e-9 })
  }

  private func slow() -> [Int] {
    guard let rule = policy.latency else { return [] }
    let seen = present(1).filter { $0.endpoint.times.count >= rule.minimumCalls }
    guard seen.count >= rule.minimumEndpoints else { return [] }
    let medians = seen.map { Self.lowerMedian($0.endpoint.times.map(Self.blurred)) }
    var found: [(slot: Int, badness: Double)] = []
    for at in seen.indices {
      var others = medians
      others.remove(at: at)
      let peers = Self.lowerMedian(others)
      if .nanoseconds(medians[at]) > rule.floor, medians[at] >= Int64(rule.factor) * peers {
        found.append((seen[at].slot, Double(medians[at])))
      }
    }
    return worstFirst(found)
  }

  private static func lowerMedian(_ values: [Int64]) -> Int64 {
    values.sorted()[(values.count - 1) / 2]
  }

  /// The middle of the quarter octave that a time is in, from 2^20 ns to 2^36.
  static func blurred(_ nanoseconds: Int64) -> Int64 {
    var low: Int64 = 1_048_576
    var high = low + low / 4
    for _ in 0..<15 * 4 + 3 where nanoseconds >= high {
      let octave = Int64(1) << Int64(63 - high.leadingZeroBitCount)
      low = high
      high = low + octave / 4
    }
    return (low + high) / 2
  }
}
