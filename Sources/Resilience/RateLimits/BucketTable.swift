import Primitives

/// Token buckets by key, at most `keysMax`; when it is full the key that was used least recently
/// gives way, and begins with a full bucket should it return.
///
/// ```
/// heads[hash & mask] ─▶ entry ─▶ entry            (chain of equal slots)
/// newest ◀─▶ entry ◀─▶ entry ◀─▶ oldest           (order of use)
/// ```
/// Why least recently used: a key that is being limited is in use and stays. A flood of new keys can
/// push out quiet ones, which gives each of those at most one more burst; memory stays as it is and
/// each step is O(1), whatever the keys (chains are short because the hash is keyed).
/// Memory: 56 bytes a key, grown as keys come, never given back. Confinement: its owner.
struct BucketTable {
  private struct Entry {
    var hash: (UInt64, UInt64)
    var bucket: TokenBucket
    var next: Int32
    var newer: Int32
    var older: Int32
  }

  let keysMax: Int
  private(set) var evictions: UInt64 = 0
  private var heads: [Int32]
  private var entries: [Entry] = []
  private var newest: Int32 = -1
  private var oldest: Int32 = -1

  /// Precondition: 1...2^30.
  init(keysMax: Int) {
    precondition(keysMax > 0 && keysMax <= 1 << 30, "a table of keys holds 1 to 2^30")
    self.keysMax = keysMax
    let slots = 1 << (Int.bitWidth - (keysMax - 1).leadingZeroBitCount)
    heads = Array(repeating: -1, count: slots)
  }

  var count: Int { entries.count }

  mutating func admit(
    _ hash: (UInt64, UInt64), _ policy: RateLimitPolicy, now: Instant
  ) -> RateLimitVerdict {
    let index = find(hash) ?? insert(hash, policy, now: now)
    if newest != Int32(index) {
      unlink(index)
      linkNewest(index)
    }
    return entries[index].bucket.admit(policy, now: now)
  }

  private func slot(_ hash: (UInt64, UInt64)) -> Int {
    Int(truncatingIfNeeded: hash.0) & (heads.count - 1)
  }

  private func find(_ hash: (UInt64, UInt64)) -> Int? {
    var index = heads[slot(hash)]
    while index >= 0 {
      if entries[Int(index)].hash == hash { return Int(index) }
      index = entries[Int(index)].next
    }
    return nil
  }

  private mutating func insert(
    _ hash: (UInt64, UInt64), _ policy: RateLimitPolicy, now: Instant
  ) -> Int {
    let bucket = TokenBucket(policy, now: now)
    let slot = slot(hash)
    let index: Int
    if entries.count < keysMax {
      index = entries.count
      entries.append(
        Entry(hash: hash, bucket: bucket, next: heads[slot], newer: -1, older: -1))
    } else {
      index = Int(oldest)
      unlink(index)
      unchain(index)
      evictions += 1
      entries[index].hash = hash
      entries[index].bucket = bucket
      entries[index].next = heads[slot]
    }
    heads[slot] = Int32(index)
    linkNewest(index)
    return index
  }

  /// Takes the entry out of its chain.
  private mutating func unchain(_ index: Int) {
    let slot = slot(entries[index].hash)
    if heads[slot] == Int32(index) {
      heads[slot] = entries[index].next
      return
    }
    var before = Int(heads[slot])
    while entries[before].next != Int32(index) { before = Int(entries[before].next) }
    entries[before].next = entries[index].next
  }

  private mutating func unlink(_ index: Int) {
    let newer = entries[index].newer
    let older = entries[index].older
    if newer >= 0 { entries[Int(newer)].older = older } else { newest = older }
    if older >= 0 { entries[Int(older)].newer = newer } else { oldest = newer }
  }

  private mutating func linkNewest(_ index: Int) {
    entries[index].older = newest
    entries[index].newer = -1
    if newest >= 0 { entries[Int(newest)].newer = Int32(index) } else { oldest = Int32(index) }
    newest = Int32(index)
  }
}
