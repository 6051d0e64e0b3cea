/// The two functions that distributions need, in plain arithmetic.
///
/// Why: a C library's results differ in the last bit between versions, and a run must be
/// repeatable; and `Simulation` imports none.
extension Double {
  /// The natural logarithm of a positive, finite number, to about 1e-15 of its value.
  ///
  /// With x = 2^k · m, m about 1: ln x = k ln 2 + 2 artanh((m − 1) / (m + 1)), as a series.
  var naturalLogarithm: Double {
    var mantissa = significand
    var power = Double(exponent)
    if mantissa > 1.414_213_562_373_095 {
      mantissa *= 0.5
      power += 1
    }
    let ratio = (mantissa - 1) / (mantissa + 1)
    let square = ratio * ratio
    var sum = 1.0 / 21
    sum = sum * square + 1.0 / 19
    sum = sum * square + 1.0 / 17
    sum = sum * square + 1.0 / 15
    sum = sum * square + 1.0 / 13
    sum = sum * square + 1.0 / 11
    sum = sum * square + 1.0 / 9
    sum = sum * square + 1.0 / 7
    sum = sum * square + 1.0 / 5
    sum = sum * square + 1.0 / 3
    sum = sum * square + 1
    return power * 0.693_147_180_559_945_3 + 2 * ratio * sum
  }

  /// e to this power; held at the ends of the range beyond ±700.
  ///
  /// e^x = 2^k · e^r with |r| ≤ ln 2 / 2, and e^r as a series.
  var exponential: Double {
    let x = Swift.min(Swift.max(self, -700), 700)
    let power = (x * 1.442_695_040_888_963_4).rounded()
    let rest = (x - power * 0.693_147_180_369_123_8) - power * 1.908_214_929_270_587_7e-10
    var sum = 1.0
    var factor = 14.0
    while factor > 0 {
      sum = 1 + sum * rest / factor
      factor -= 1
    }
    return Double(sign: .plus, exponent: Int(power), significand: sum)
  }
}
