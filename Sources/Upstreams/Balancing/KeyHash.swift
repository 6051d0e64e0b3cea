/// A hash that is the same in each process and on each machine, for rings and request keys.
///
/// Why not `Hasher`: its seed differs per process, and proxies must agree on a key's endpoint. Eight
/// bytes a step (multiply, rotate), SplitMix64's finish; spreads well, resists no attacker: who
/// chooses keys can crowd one endpoint, which bounded load contains. Cost: about 1 ns per 8 bytes.
package enum KeyHash {
  package static func of(_ text: String) -> UInt64 { of(text.utf8) }

  package static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    var lane: UInt64 = 0
    var count: UInt64 = 0
    for byte in bytes {
      lane |= UInt64(byte) << ((count & 7) * 8)
      count += 1
      if count & 7 == 0 {
        state = absorb(state, lane)
        lane = 0
      }
    }
    return mix(absorb(absorb(state, lane), count))
  }

  package static func of(_ bytes: Span<UInt8>) -> UInt64 {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    var lane: UInt64 = 0
    for index in bytes.indices {
      lane |= UInt64(bytes[index]) << (UInt64(index & 7) * 8)
      if index & 7 == 7 {
        state = absorb(state, lane)
        lane = 0
      }
    }
    return mix(absorb(absorb(state, lane), UInt64(bytes.count)))
  }

  /// Spreads each bit of `value` over the whole word; a bijection.
  @inline(__always)
  package static func mix(_ value: UInt64) -> UInt64 {
    var word = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// A second hash of `key`, one of a row.
  @inline(__always)
  static func derived(_ key: UInt64, _ number: Int) -> UInt64 {
    mix(key &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(truncatingIfNeeded: number + 1))
  }

  @inline(__always)
  private static func absorb(_ state: UInt64, _ lane: UInt64) -> UInt64 {
    let word = (state ^ lane) &* 0xD6E8_FEB8_6659_FD93
    return (word << 29 | word >> 35) ^ word
  }
}
