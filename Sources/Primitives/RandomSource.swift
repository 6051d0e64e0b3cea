/// A seeded generator of pseudo-random numbers (xoshiro256**, Blackman and Vigna 2018).
///
/// Why: every random choice of the proxy (balancer picks, jitter, identifiers) is drawn from a
/// source that is passed in, so that a run is repeated from its seed. Not for secrets.
/// Cost: 32 bytes, about 1 ns a draw, no allocation. Confinement: its owner's loop.
@usableFromInline package struct RandomSource: RandomNumberGenerator, Sendable {
  @usableFromInline var s0: UInt64
  @usableFromInline var s1: UInt64
  @usableFromInline var s2: UInt64
  @usableFromInline var s3: UInt64

  /// Spreads `seed` over the state by SplitMix64, as the authors recommend, so seed 0 is fine.
  package init(seed: UInt64) {
    var mix = seed
    func next() -> UInt64 {
      mix &+= 0x9E37_79B9_7F4A_7C15
      var z = mix
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    s0 = next()
    s1 = next()
    s2 = next()
    s3 = next()
  }

  @inlinable package mutating func next() -> UInt64 {
    let product = s1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << 45) | (s3 >> 19)
    return result
  }

  /// A number in `0 ..< bound`, with a bias below `bound / 2^32`. Precondition: `bound` > 0.
  package mutating func below(_ bound: UInt32) -> UInt32 {
    precondition(bound > 0, "an empty range has no member")
    return UInt32(truncatingIfNeeded: ((next() >> 32) &* UInt64(bound)) >> 32)
  }
}
