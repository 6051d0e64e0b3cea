/// e^−x without a mathematics library, which only comes with Foundation or libc.
enum Decay {
  /// e^−x for x ≥ 0, 1 below; off by at most 3 millionths of it. Cost: about 5 ns.
  @inline(__always)
  static func exponential(_ x: Double) -> Double {
    guard x > 0 else { return 1 }
    // 2^−y: the whole part of y goes into the exponent, the rest, −0.5...0.5, through a series.
    let binary = x * 1.442_695_040_888_963_4
    guard binary < 1000 else { return 0 }
    let whole = (binary + 0.5).rounded(.down)
    let z = (whole - binary) * 0.693_147_180_559_945_3
    let series =
      1 + z * (1 + z * (0.5 + z * (1.0 / 6 + z * (1.0 / 24 + z * (1.0 / 120 + z / 720)))))
    return series * Double(bitPattern: UInt64(1023 - Int(whole)) << 52)
  }
}
