import Primitives

/// Weighted turns, smoothly interleaved: each entry's next turn is due 1/weight after its last, and
/// the earliest goes first (earliest deadline first; Envoy's EDF scheduler).
///
/// Holds the turns of many groups in one array: 4-ary heaps side by side, an entry of 8 bytes (due
/// above, index in the low 20 bits), because at 10,000 endpoints what costs is the memory touched.
/// In any run of turns each entry gets its weight's share to within two turns. Entries begin at
/// random points of their stride: a schedule that is begun anew often favours nobody, and workers
/// do not move in step. Cost: O(log n) a turn; no allocation once `begin` has been called.
package struct DeadlineSchedule: Sendable {
  package static let indexMax = (1 << 20) - 1
  // A turn's length at weight 1: at weight 1,000,000 still 1073, to a thousandth.
  private static let unit: UInt64 = 1 << 30
  /// Past this the dues are counted anew from the earliest: once in 2^13 turns at weight 1.
  private static let rebaseAt: UInt64 = 1 << 43
  private static let indexBits: UInt64 = 20
  private static let indexMask: UInt64 = (1 << 20) - 1
  private var heap: [UInt64]
  private let strides: [UInt32]

  /// `weights`: one an endpoint, 1...1,000,000. `room`: entries of all groups.
  package init(weights: [UInt32], room: Int) {
    strides = weights.map { UInt32(Self.unit / UInt64(max($0, 1))) }
    heap = [UInt64](repeating: 0, count: room)
  }

  /// Begins a group of turns: the endpoints `members[start ..< start + count]`, at the same places
  /// of this schedule. `clock`: where its count begins; a test begins near the end.
  package mutating func begin(
    _ members: [UInt32], start: Int, count: Int, clock: UInt64 = 0, random: inout RandomSource
  ) {
    for place in start..<start + count {
      let index = members[place]
      let phase = UInt64(random.below(strides[Int(index)])) + 1
      heap[place] = (clock + phase) << Self.indexBits | UInt64(index)
    }
    var parent = (count - 2) >> 2
    while parent >= 0 {
      siftDown(start, count, from: parent, heap[start + parent])
      parent -= 1
    }
  }

  /// The endpoint whose turn it is.
  package mutating func next(start: Int, count: Int) -> Int {
    let key = heap[start]
    if key >> Self.indexBits >= Self.rebaseAt {
      rebase(start, count)
      return next(start: start, count: count)
    }
    let index = Int(key & Self.indexMask)
    siftDown(start, count, from: 0, key + UInt64(strides[index]) << Self.indexBits)
    return index
  }

  package var byteCount: Int { heap.count * 8 + strides.count * 4 }

  /// The order stays: each due is at most a stride behind the earliest.
  private mutating func rebase(_ start: Int, _ count: Int) {
    let earliest = heap[start] & ~Self.indexMask
    for place in start..<start + count { heap[place] -= earliest }
  }

  @inline(__always)
  private mutating func siftDown(_ start: Int, _ count: Int, from: Int, _ key: UInt64) {
    var parent = from
    while true {
      let first = 4 * parent + 1
      guard first < count else { break }
      var child = first
      var least = heap[start + first]
      for other in first + 1..<min(first + 4, count) {
        let rival = heap[start + other]
        // Selects, not branches: which child is least cannot be predicted.
        child = rival < least ? other : child
        least = rival < least ? rival : least
      }
      guard least < key else { break }
      heap[start + parent] = least
      parent = child
    }
    heap[start + parent] = key
  }
}
