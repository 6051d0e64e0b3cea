import Primitives

/// A Poisson process whose rate is a line through points, constant before the first and behind the
/// last.
///
/// Exact by inversion: the next arrival is where the area under the rate has grown by a draw of
/// the exponential distribution.
struct ArrivalCurve: Sendable {
  struct Point: Sendable {
    /// Nanoseconds from the start.
    var time: Double
    /// Per nanosecond.
    var rate: Double
  }

  private let points: [Point]
  /// The point at or before the last arrival.
  private var segment = 0

  /// `points`: ascending in time, at least one, the first at 0.
  init(_ points: [Point]) {
    self.points = points
  }

  /// The rate at `time`, per nanosecond.
  func rate(at time: Double) -> Double {
    guard let next = points.firstIndex(where: { $0.time > time }) else {
      return points[points.count - 1].rate
    }
    guard next > 0 else { return points[0].rate }
    let before = points[next - 1]
    let after = points[next]
    let share = (time - before.time) / (after.time - before.time)
    return before.rate + (after.rate - before.rate) * share
  }

  /// The first arrival after `time`, nil: there is none. Times must not go back.
  @inline(__always)
  mutating func next(after time: Double, _ random: inout RandomSource) -> Double? {
    var area = random.exponential()
    var now = time
    while true {
      while segment + 1 < points.count, points[segment + 1].time <= now { segment += 1 }
      let before = points[segment]
      guard segment + 1 < points.count else {
        return before.rate > 0 ? now + area / before.rate : nil
      }
      let after = points[segment + 1]
      let slope = (after.rate - before.rate) / (after.time - before.time)
      let rate = before.rate + slope * (now - before.time)
      let span = after.time - now
      let whole = (rate + after.rate) / 2 * span
      if area < whole {
        // The root of slope/2 · x² + rate · x = area, in the form that does not cancel.
        return now + 2 * area / (rate + (rate * rate + 2 * slope * area).squareRoot())
      }
      area -= whole
      now = after.time
    }
  }
}
