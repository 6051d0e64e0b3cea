/// The endpoints that an exchange has tried, by key: lists change between attempts, keys do not.
///
/// Room for 10, the most attempts there are; with more, the earliest is forgotten. No allocation.
@usableFromInline package struct TriedEndpoints: Sendable {
  package static let capacity = 10
  @usableFromInline var keys = InlineArray<10, UInt64>(repeating: 0)
  @usableFromInline package internal(set) var count = 0

  @inlinable package init() {}

  @inlinable package var isEmpty: Bool { count == 0 }

  package mutating func insert(_ key: UInt64) {
    if contains(key) { return }
    if count == Self.capacity {
      for place in 1..<count { keys[place - 1] = keys[place] }
      count -= 1
    }
    keys[count] = key
    count += 1
  }

  @inlinable package func contains(_ key: UInt64) -> Bool {
    for place in 0..<count where keys[place] == key { return true }
    return false
  }
}
