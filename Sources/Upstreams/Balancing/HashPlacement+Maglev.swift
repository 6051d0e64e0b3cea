/// The Maglev table of one priority.
extension HashPlacement {
  /// Each endpoint has its own order of the slots, and in turn takes the next one of it that is
  /// free (NSDI 2016 §3.4); one of less than the greatest weight sits turns out in proportion, as
  /// in Envoy, but not in the first round, so that each has a slot. Cost: slots × n steps at most,
  /// when one weight is far above all others; usually some million.
  mutating func addTable(_ members: [Int], _ endpoints: [BalancerEndpoint], slots: Int) {
    precondition(Self.isPrime(slots), "each skip must reach each slot")
    let empty = UInt32.max
    let start = owners.count
    owners.append(contentsOf: repeatElement(empty, count: slots))
    parts.append(Part(start: start, count: slots))
    let heaviest = UInt64(members.reduce(1) { max($0, endpoints[$1].traits.weight) })
    var cursors = members.map { KeyHash.derived(endpoints[$0].key, 0) % UInt64(slots) }
    let skips = members.map {
      KeyHash.derived(endpoints[$0].key, 1) % UInt64(slots - 1) + 1
    }
    var credits = members.map { heaviest - UInt64(endpoints[$0].traits.weight) }
    var left = slots
    while left > 0 {
      for rank in members.indices where left > 0 {
        credits[rank] += UInt64(endpoints[members[rank]].traits.weight)
        guard credits[rank] >= heaviest else { continue }
        credits[rank] -= heaviest
        while owners[start + Int(cursors[rank])] != empty {
          cursors[rank] = (cursors[rank] + skips[rank]) % UInt64(slots)
        }
        owners[start + Int(cursors[rank])] = UInt32(members[rank])
        left -= 1
      }
    }
  }

  private static func isPrime(_ number: Int) -> Bool {
    guard number > 2, number % 2 == 1 else { return false }
    var divisor = 3
    while divisor * divisor <= number {
      if number % divisor == 0 { return false }
      divisor += 2
    }
    return true
  }
}
