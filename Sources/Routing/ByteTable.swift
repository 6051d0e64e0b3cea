import Primitives

/// Byte strings to small numbers, by open addressing over flat arrays: no allocation and no hashing
/// of Swift strings on a look-up. Filled once, from configuration.
struct ByteTable {
  private var slots: [Int32]
  private var hashes: [UInt64] = []
  private var starts: [Int32] = []
  private var counts: [Int32] = []
  private var kinds: [UInt8] = []
  private var bytes: [UInt8] = []

  /// `capacity`: the most keys it will hold.
  init(capacity: Int) {
    var size = 8
    while size < capacity * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
  }

  var count: Int { hashes.count }

  /// The number of `key` within `kind`, given in order of arrival; the same for an equal key.
  mutating func insert(_ key: [UInt8], kind: UInt8 = 0) -> Int {
    var hash = StableHash(seed: UInt64(kind))
    hash.combine(key.span)
    return insert(key, hash: hash.value, kind: kind)
  }

  /// As above for a caller that hashes its keys in its own way, here and when it looks them up.
  mutating func insert(_ key: [UInt8], hash: UInt64, kind: UInt8 = 0) -> Int {
    if let found = find(hash, key.span, kind: kind) { return found }
    let number = hashes.count
    hashes.append(hash)
    starts.append(Int32(bytes.count))
    counts.append(Int32(key.count))
    kinds.append(kind)
    bytes += key
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(number)
    return number
  }

  /// The number of `key`, whose hash is `hash`: `StableHash` seeded with the kind, unless it was
  /// inserted with another.
  /// `ignoringCase`: the keys are in lower case, and `hash` is of the lower-case bytes.
  func find(
    _ hash: UInt64, _ key: Span<UInt8>, kind: UInt8 = 0, ignoringCase: Bool = false
  ) -> Int? {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      let number = Int(slots[slot])
      if hashes[number] == hash, kinds[number] == kind, Int(counts[number]) == key.count {
        let start = Int(starts[number])
        let held = bytes.span.extracting(start..<start + key.count)
        if ignoringCase ? Self.equalLowercased(key, held) : ByteScan.equal(held, key) {
          return number
        }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// `lower` holds no upper-case letters.
  static func equalLowercased(_ bytes: Span<UInt8>, _ lower: Span<UInt8>) -> Bool {
    guard bytes.count == lower.count else { return false }
    for index in bytes.indices where ByteScan.asciiLowercased(bytes[index]) != lower[index] {
      return false
    }
    return true
  }
}
