/// A growing row of 64-bit counts.
///
/// Why not an array: adding to one asks each time whether it is shared. Bounds are checked.
/// Confinement: its owner's loop. Cost: an addition; growing copies.
@safe @usableFromInline package struct Counters: ~Copyable {
  // SAFETY: `words` is `count` words long and this value's from `grow` to deinit; every access is
  // below `count` by a precondition.
  @usableFromInline var words: UnsafeMutablePointer<UInt64>
  @usableFromInline package private(set) var count = 0

  package init() {
    unsafe words = .allocate(capacity: 1)
  }

  deinit { unsafe words.deallocate() }

  /// Makes room for `count` words; new ones are 0.
  package mutating func grow(to count: Int) {
    guard count > self.count else { return }
    let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
    // SAFETY: both are at least that long.
    unsafe larger.initialize(from: words, count: self.count)
    unsafe (larger + self.count).initialize(repeating: 0, count: count - self.count)
    unsafe words.deallocate()
    unsafe words = larger
    self.count = count
  }

  @inlinable
  package subscript(index: Int) -> UInt64 {
    get {
      precondition(index >= 0 && index < count, "no such counter")
      // SAFETY: index < count.
      return unsafe words[index]
    }
    set {
      precondition(index >= 0 && index < count, "no such counter")
      // SAFETY: index < count.
      unsafe words[index] = newValue
    }
  }

  /// A copy, to be read elsewhere.
  package var all: [UInt64] {
    // SAFETY: `words` is `count` words long.
    unsafe Array(UnsafeBufferPointer(start: words, count: count))
  }
}
