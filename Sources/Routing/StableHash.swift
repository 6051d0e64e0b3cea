/// A hash of bytes that is the same in every process and on every machine (FNV-1a with a mixing
/// finish, so that close inputs spread over all bits). Not for untrusted keys that fill a table:
/// the tables here are filled from configuration only.
package struct StableHash: Sendable {
  private var state: UInt64

  package init(seed: UInt64 = 0) {
    state = 0xCBF2_9CE4_8422_2325 ^ seed
  }

  @inline(__always)
  package mutating func combine(_ byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }

  package mutating func combine(_ bytes: Span<UInt8>) {
    for index in bytes.indices { combine(bytes[index]) }
  }

  /// The hash of what was combined so far.
  @inline(__always)
  package var value: UInt64 {
    var mixed = state
    mixed ^= mixed >> 32
    mixed &*= 0xD6E8_FEB8_6659_FD93
    mixed ^= mixed >> 32
    return mixed
  }
}
