/// The function that distributions need besides the logarithm of Primitives, in plain arithmetic
/// for the same reason.
extension Double {
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
