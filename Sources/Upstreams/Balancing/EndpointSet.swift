/// A set of endpoints by their index, a bit each.
package struct EndpointSet: Equatable, Sendable {
  private var words: [UInt64]
  package let capacity: Int
  package private(set) var count: Int

  /// All of 0 ..< capacity, or none.
  package init(capacity: Int, isFull: Bool) {
    self.capacity = capacity
    words = [UInt64](repeating: isFull ? .max : 0, count: (capacity + 63) / 64)
    count = isFull ? capacity : 0
    if isFull, capacity & 63 != 0 { words[words.count - 1] = 1 << UInt64(capacity & 63) - 1 }
  }

  @inline(__always)
  package func contains(_ index: Int) -> Bool {
    words[index >> 6] >> UInt64(index & 63) & 1 == 1
  }

  package mutating func insert(_ index: Int) {
    if !contains(index) {
      words[index >> 6] |= 1 << UInt64(index & 63)
      count += 1
    }
  }

  package mutating func remove(_ index: Int) {
    if contains(index) {
      words[index >> 6] &= ~(1 << UInt64(index & 63))
      count -= 1
    }
  }

  /// The first member at or behind `start`, going round; nil when empty. Cost: a word at a time.
  package func first(from start: Int) -> Int? {
    guard count > 0 else { return nil }
    var word = start >> 6
    var bits = words[word] & (~0 << UInt64(start & 63))
    for _ in 0...words.count {
      if bits != 0 { return (word << 6) + bits.trailingZeroBitCount }
      word = word + 1 == words.count ? 0 : word + 1
      bits = words[word]
    }
    return nil
  }

  /// Who is in both. Precondition: equal capacities.
  package func intersection(_ other: EndpointSet) -> EndpointSet {
    precondition(capacity == other.capacity, "sets of the same endpoints")
    var both = self
    both.count = 0
    for word in words.indices {
      both.words[word] &= other.words[word]
      both.count += both.words[word].nonzeroBitCount
    }
    return both
  }
}
