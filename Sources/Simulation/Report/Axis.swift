import Primitives

/// Where values lie between two edges of a panel, and which of them get a line and a number.
struct Axis {
  enum Scale {
    case linear
    /// Powers of ten; values below `least` lie on its line.
    case logarithmic(least: Double)
  }

  private let scale: Scale
  private let most: Double
  /// Pixels: where the least value lies, and the greatest.
  private let start: Double
  private let end: Double
  let ticks: [Double]

  init(_ scale: Scale, most: Double, from start: Double, to end: Double, tickCount: Int = 4) {
    self.scale = scale
    self.start = start
    self.end = end
    switch scale {
    case .linear:
      let step = Self.step(max(most, 1e-9) / Double(tickCount))
      self.most = (max(most, 1e-9) / step).rounded(.up) * step
      ticks = Array(stride(from: 0, through: self.most + step / 2, by: step))
    case .logarithmic(let least):
      var ticks = [least]
      while let last = ticks.last, last < most { ticks.append(last * 10) }
      if ticks.count == 1 { ticks.append(least * 10) }
      self.ticks = ticks
      self.most = ticks[ticks.count - 1]
    }
  }

  /// For times in seconds: steps that a clock knows, and no room behind the end.
  init(seconds: Double, from start: Double, to end: Double) {
    scale = .linear
    self.start = start
    self.end = end
    most = seconds
    let steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]
    let step = steps.first { seconds / $0 <= 14 } ?? 14_400
    ticks = Array(stride(from: 0, through: seconds, by: step))
  }

  func place(_ value: Double) -> Double {
    let share: Double
    switch scale {
    case .linear: share = value / most
    case .logarithmic(let least):
      share =
        (max(value, least) / least).naturalLogarithm / (most / least).naturalLogarithm
    }
    return start + (end - start) * min(max(share, 0), 1)
  }

  /// 1, 2 or 5 times a power of ten, at least `value`.
  private static func step(_ value: Double) -> Double {
    var power = 1.0
    while power * 10 <= value { power *= 10 }
    while power > value { power /= 10 }
    for factor in [1.0, 2, 5] where power * factor >= value * 0.999_999 { return power * factor }
    return power * 10
  }
}
