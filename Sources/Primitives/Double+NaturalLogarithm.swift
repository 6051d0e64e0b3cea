/// The natural logarithm in plain arithmetic.
///
/// Why: a C library's results differ in the last bit between versions, and simulated runs must be
/// repeatable; and pure targets import none.
extension Double {
  /// The natural logarithm of a positive, finite number, to about 1e-15 of its value.
  ///
  /// With x = 2^k · m, m about 1: ln x = k ln 2 + 2 artanh((m − 1) / (m + 1)), as a series.
  package var naturalLogarithm: Double {
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
}
