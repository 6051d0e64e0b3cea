import Primitives

/// Draws that simulations need.
extension RandomSource {
  /// In 0 ..< 1, of 2^53 values.
  @inline(__always)
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// An exponentially distributed number with the mean 1.
  @inline(__always)
  mutating func exponential() -> Double { -(1 - uniform()).naturalLogarithm }

  /// A normally distributed number with the mean 0 and the deviation 1 (Marsaglia's polar method, 1964).
  mutating func normal() -> Double {
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      guard square < 1, square > 0 else { continue }
      return x * (-2 * square.naturalLogarithm / square).squareRoot()
    }
  }
}
