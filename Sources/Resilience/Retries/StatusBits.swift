/// A set of the HTTP statuses 400...599; others are never in it.
///
/// Cost: 32 bytes; a shift a question.
@usableFromInline
struct StatusBits: Sendable, Hashable {
  @usableFromInline var word0: UInt64 = 0
  @usableFromInline var word1: UInt64 = 0
  @usableFromInline var word2: UInt64 = 0
  @usableFromInline var word3: UInt64 = 0

  init() {}

  mutating func insert(_ status: UInt16) {
    guard status >= 400, status < 600 else { return }
    let bit = UInt64(1) << UInt64((status - 400) & 63)
    switch (status - 400) >> 6 {
    case 0: word0 |= bit
    case 1: word1 |= bit
    case 2: word2 |= bit
    default: word3 |= bit
    }
  }

  @inlinable
  func contains(_ status: UInt16) -> Bool {
    guard status >= 400, status < 600 else { return false }
    let index = status &- 400
    let word =
      switch index >> 6 {
      case 0: word0
      case 1: word1
      case 2: word2
      default: word3
      }
    return word >> UInt64(index & 63) & 1 != 0
  }
}
