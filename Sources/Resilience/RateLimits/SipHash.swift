/// SipHash-2-4 with a 128-bit result (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
/// 2012).
///
/// Why: keys of rate limits are bytes that clients choose. Under a secret seed nobody can aim two
/// keys at one entry or many at one chain, and of 2^32 keys two are equal with odds of 1 in 2^65, so
/// that the bytes themselves need not be kept. Cost: about 20 ns for 16 bytes.
package struct SipHash {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64

  package static func hash(_ bytes: Span<UInt8>, seed: (UInt64, UInt64)) -> (UInt64, UInt64) {
    var state = SipHash(seed: seed)
    let whole = bytes.count & ~7
    var index = 0
    while index < whole {
      state.absorb(word(bytes, from: index, count: 8))
      index += 8
    }
    let rest = word(bytes, from: whole, count: bytes.count - whole)
    state.absorb(rest | UInt64(truncatingIfNeeded: bytes.count) << 56)
    return state.finish()
  }

  private init(seed: (UInt64, UInt64)) {
    v0 = seed.0 ^ 0x736F_6D65_7073_6575
    v1 = seed.1 ^ 0x646F_7261_6E64_6F6D ^ 0xEE
    v2 = seed.0 ^ 0x6C79_6765_6E65_7261
    v3 = seed.1 ^ 0x7465_6462_7974_6573
  }

  /// Little-endian.
  private static func word(_ bytes: Span<UInt8>, from: Int, count: Int) -> UInt64 {
    var word: UInt64 = 0
    for offset in 0..<count { word |= UInt64(bytes[from + offset]) << UInt64(offset * 8) }
    return word
  }

  private mutating func absorb(_ word: UInt64) {
    v3 ^= word
    for _ in 0..<2 { round() }
    v0 ^= word
  }

  private mutating func finish() -> (UInt64, UInt64) {
    v2 ^= 0xEE
    for _ in 0..<4 { round() }
    let first = v0 ^ v1 ^ v2 ^ v3
    v1 ^= 0xDD
    for _ in 0..<4 { round() }
    return (first, v0 ^ v1 ^ v2 ^ v3)
  }

  private mutating func round() {
    v0 &+= v1
    v1 = rotate(v1, 13) ^ v0
    v0 = rotate(v0, 32)
    v2 &+= v3
    v3 = rotate(v3, 16) ^ v2
    v0 &+= v3
    v3 = rotate(v3, 21) ^ v0
    v2 &+= v1
    v1 = rotate(v1, 17) ^ v2
    v2 = rotate(v2, 32)
  }

  private func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
    word << bits | word >> (64 - bits)
  }
}
