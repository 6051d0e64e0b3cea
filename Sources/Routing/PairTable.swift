/// Pairs of small numbers to a small number, by open addressing; filled once, from configuration.
struct PairTable {
  private static let none = UInt64.max
  private var keys: [UInt64]
  private var values: [Int32]

  /// `capacity`: the most pairs it will hold.
  init(capacity: Int) {
    var size = 8
    while size < capacity * 2 { size *= 2 }
    keys = [UInt64](repeating: Self.none, count: size)
    values = [Int32](repeating: -1, count: size)
  }

  /// The value of a pair; -1 where there is none. Setting one that is there replaces it.
  subscript(_ first: Int, _ second: Int32) -> Int32 {
    get { values[place(first, second)] }
    set {
      let place = place(first, second)
      keys[place] = Self.key(first, second)
      values[place] = newValue
    }
  }

  private static func key(_ first: Int, _ second: Int32) -> UInt64 {
    UInt64(UInt32(truncatingIfNeeded: first)) << 32 | UInt64(UInt32(bitPattern: second))
  }

  /// Where the pair is, or would be.
  private func place(_ first: Int, _ second: Int32) -> Int {
    let key = Self.key(first, second)
    let mixed = (key ^ key >> 29) &* 0xBF58_476D_1CE4_E5B9
    var slot = Int(truncatingIfNeeded: mixed >> 20) & (keys.count - 1)
    while keys[slot] != Self.none, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
    return slot
  }
}
