import Primitives

/// Where the hashes of requests fall among endpoints: one ring or Maglev table per priority.
///
/// Made of keys, weights and priorities only, not of health: who is not eligible is passed over at
/// the pick. So all proxies agree, a change of health moves only the keys of the endpoint that
/// changed, and costs nothing here. A value whose arrays are shared: made once, off the loops
/// (10,000 endpoints take tens of milliseconds), and given to each worker.
///
/// Memory: a ring 12 bytes a point, 16 to 32 points an endpoint of mean weight (at most 384 bytes);
/// a Maglev table 4 bytes a slot, 256 KiB in all.
package struct HashPlacement: Sendable {
  /// A priority's part of the arrays.
  struct Part: Sendable {
    var start = 0
    var count = 0
    var bucketStart = 0
    var bucketBits: UInt64 = 0
  }

  package let policy: BalancingPolicy
  /// By priority, ascending, those that have endpoints.
  var parts: [Part] = []
  /// The endpoint of each point or slot.
  var owners: [UInt32] = []
  /// A ring's: the upper 32 bits of each point's hash, ascending, and where each bucket begins.
  var points: [UInt32] = []
  var buckets: [UInt32] = []

  /// A placement of no endpoint, which a balancer holds whose policy does not hash.
  package init() {
    policy = .ringHash
  }

  /// Precondition: the policy is a hashed one.
  package init(_ settings: BalancingSettings, _ endpoints: [BalancerEndpoint]) {
    precondition(settings.policy.isHashed, "the policy places by hash")
    policy = settings.policy
    let order = endpoints.indices.sorted {
      (endpoints[$0].key, $0) < (endpoints[$1].key, $1)
    }
    for priority in Set(endpoints.map(\.traits.priority)).sorted() {
      let members = order.filter { endpoints[$0].traits.priority == priority }
      if policy == .ringHash {
        addRing(members, endpoints, pointsMin: settings.ringPointsMin)
      } else {
        addTable(members, endpoints, slots: settings.maglevSlots)
      }
    }
  }

  /// Where the walk for `hash` begins in a priority's part: a place of `owners`.
  @inline(__always)
  func place(_ hash: UInt64, in part: Int) -> Int {
    let part = parts[part]
    if policy == .maglev {
      return part.start + Int(KeyHash.derived(hash, 0) % UInt64(part.count))
    }
    let point = UInt32(KeyHash.derived(hash, 0) >> 32)
    let bucket = part.bucketStart + Int(UInt64(point) >> (32 - part.bucketBits))
    var place = Int(buckets[bucket])
    let end = part.start + part.count
    while place < end, points[place] < point { place += 1 }
    return place == end ? part.start : place
  }

  /// Where the walk goes on after `steps` steps. A table is hashed anew some times first, so that
  /// the keys of one endpoint spread over all others; on a ring its many points do that.
  @inline(__always)
  func next(after place: Int, steps: Int, _ hash: UInt64, in part: Int) -> Int {
    let part = parts[part]
    if policy == .maglev, steps <= 32 {
      return part.start + Int(KeyHash.derived(hash, steps) % UInt64(part.count))
    }
    return place + 1 == part.start + part.count ? part.start : place + 1
  }

  /// Bytes of the arrays, which all holders share.
  package var byteCount: Int { (owners.count + points.count + buckets.count) * 4 }
}
