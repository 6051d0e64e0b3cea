/// The ring of one priority.
extension HashPlacement {
  /// Envoy's maximum.
  private static let pointsMax = 8_388_608.0
  private static let pointsPerEndpoint = 16

  /// Points in proportion to the weights, one at least each. Their number per weight is a power of
  /// two, so that it rarely changes as endpoints come and go: each change of it moves more keys than
  /// those of the endpoint that left.
  mutating func addRing(_ members: [Int], _ endpoints: [BalancerEndpoint], pointsMin: Int) {
    let wanted = Double(max(pointsMin, Self.pointsPerEndpoint * members.count))
    let total = members.reduce(0.0) { $0 + Double(endpoints[$1].traits.weight) }
    var scale = 1.0
    while scale * total < wanted { scale *= 2 }
    while scale * total >= 2 * wanted || scale * total > Self.pointsMax { scale /= 2 }
    // Hash above, rank by key below: equal hashes stand in the same order on each proxy.
    var sorted: [UInt64] = []
    for (rank, member) in members.enumerated() {
      let endpoint = endpoints[member]
      for number in 0..<max(1, Int(scale * Double(endpoint.traits.weight))) {
        let hash = KeyHash.derived(endpoint.key, number)
        sorted.append((hash & ~0xFFFF_FFFF) | UInt64(rank))
      }
    }
    sorted.sort()
    let start = owners.count
    for entry in sorted {
      points.append(UInt32(entry >> 32))
      owners.append(UInt32(members[Int(entry & 0xFFFF_FFFF)]))
    }
    addBuckets(start, sorted.count)
  }

  /// A bucket for each upper part of a hash, about as many as points: a lookup then takes a step or
  /// two instead of a binary search through memory.
  private mutating func addBuckets(_ start: Int, _ count: Int) {
    var bits: UInt64 = 1
    while 1 << (bits + 1) <= count { bits += 1 }
    parts.append(Part(start: start, count: count, bucketStart: buckets.count, bucketBits: bits))
    var place = start
    for bucket in 0..<(1 << bits) as Range<UInt64> {
      while place < start + count, UInt64(points[place]) >> (32 - bits) < bucket { place += 1 }
      buckets.append(UInt32(place))
    }
  }
}
