/// How one list of endpoints differs from the one before: worked out once, off the workers, so that what
/// is known of each endpoint goes with it wherever it stands. Cost: linear; a look-up each only for those
/// between the first and the last that differ.
package struct EndpointDifference: Sendable {
  /// Where each endpoint stood in the list before; -1: nowhere.
  package let origins: [Int32]
  /// The places of `origins` that are not their own: of those who came, and who were moved.
  package let changes: [Int32]
  /// The places in the list before of those that have left.
  package let left: [Int32]

  package init(of keys: [UInt64], from before: [UInt64]) {
    let origins = Self.places(of: keys, in: before)
    self.origins = origins
    changes = origins.indices.lazy.filter { origins[$0] != Int32($0) }.map { Int32($0) }
    var stays = EndpointSet(capacity: before.count, isFull: false)
    for origin in origins where origin >= 0 { stays.insert(Int(origin)) }
    left = before.indices.lazy.filter { !stays.contains($0) }.map { Int32($0) }
  }

  /// Where each of `keys` stands in `before`; -1: nowhere. A key that occurs twice is found once.
  private static func places(of keys: [UInt64], in before: [UInt64]) -> [Int32] {
    var origins = [Int32](repeating: -1, count: keys.count)
    // Most lists differ in a few places, and stand alike up to the first and from the last of them.
    var start = 0
    while start < min(keys.count, before.count), keys[start] == before[start] {
      origins[start] = Int32(start)
      start += 1
    }
    var end = 0
    while end < min(keys.count, before.count) - start,
      keys[keys.count - 1 - end] == before[before.count - 1 - end]
    {
      origins[keys.count - 1 - end] = Int32(before.count - 1 - end)
      end += 1
    }
    guard start < keys.count - end, start < before.count - end else { return origins }
    var places: [UInt64: Int32] = [:]
    for place in (start..<before.count - end).reversed() { places[before[place]] = Int32(place) }
    for place in start..<keys.count - end {
      if let found = places.removeValue(forKey: keys[place]) { origins[place] = found }
    }
    return origins
  }
}
