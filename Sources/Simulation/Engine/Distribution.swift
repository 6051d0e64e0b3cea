import Primitives

/// How long something takes, in nanoseconds.
enum Distribution: Sendable {
  case constant(Double)
  case exponential(mean: Double)
  /// The mean and the deviation of the logarithm.
  case lognormal(location: Double, scale: Double)
  /// A tail of the power 1 / `inverse`, cut at `maximum`.
  case pareto(minimum: Double, inverse: Double, maximum: Double)

  /// The 99th percentile of a normal distribution.
  private static let normal99 = 2.326_347_874_040_841
  private static let logarithm100 = 4.605_170_185_988_091

  /// `p99` > `median` > 0.
  static func lognormal(median: Double, p99: Double) -> Distribution {
    .lognormal(
      location: median.naturalLogarithm, scale: (p99 / median).naturalLogarithm / normal99)
  }

  /// `p99` > `minimum` > 0; its percentile before the cut.
  static func pareto(minimum: Double, p99: Double, maximum: Double) -> Distribution {
    .pareto(
      minimum: minimum, inverse: (p99 / minimum).naturalLogarithm / logarithm100,
      maximum: maximum)
  }

  @inline(__always)
  func draw(_ random: inout RandomSource) -> Double {
    switch self {
    case .constant(let value): value
    case .exponential(let mean): mean * random.exponential()
    case .lognormal(let location, let scale): (location + scale * random.normal()).exponential
    case .pareto(let minimum, let inverse, let maximum):
      min(minimum * (inverse * random.exponential()).exponential, maximum)
    }
  }

  /// What one draw is expected to be; for a cut tail, the integral up to the cut.
  var mean: Double {
    switch self {
    case .constant(let value): return value
    case .exponential(let mean): return mean
    case .lognormal(let location, let scale): return (location + scale * scale / 2).exponential
    case .pareto(let minimum, let inverse, let maximum):
      // E[min(X, m)] = xm + ∫ (xm / x)^a dx from xm to m.
      let shape = 1 / inverse
      let ratio = maximum / minimum
      let rest =
        abs(shape - 1) < 1e-9
        ? ratio.naturalLogarithm
        : (1 - ((1 - shape) * ratio.naturalLogarithm).exponential) / (shape - 1)
      return minimum * (1 + rest)
    }
  }
}
