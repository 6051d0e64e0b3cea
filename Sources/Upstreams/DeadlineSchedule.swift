/// Weighted turns, smoothly interleaved: each entry's next turn is due 1/weight after its last, and
/// the earliest goes first (earliest deadline first; Envoy's EDF scheduler). A binary heap.
///
/// Over any run of sum(weights) turns with all available, each entry gets its weight's share to
/// within one turn. Cost: O(log n) a turn; no allocation after init.
package struct DeadlineSchedule: Sendable {
  private struct Entry: Sendable {
    var due: UInt64
    var index: Int32
  }

  // A turn's length at weight 1; weights are below it, so that strides stay above 0.
  private static let unit: UInt64 = 1 << 32
  /// Past this the dues are counted anew from the earliest: once in 2^31 turns at weight 1.
  private static let rebaseAt: UInt64 = 1 << 63
  private var heap: [Entry] = []
  private var strides: [UInt64]

  /// `start`: where the count of turns begins; a test begins near its end.
  package init(weights: [UInt32], start: UInt64 = 0) {
    strides = weights.map { Self.unit / UInt64(max($0, 1)) }
    for index in strides.indices {
      // Half a stride in, so that equal weights start in order and heavy ones do not all go first.
      heap.append(Entry(due: start + strides[index] / 2, index: Int32(index)))
    }
    heap.sort { ($0.due, $0.index) < ($1.due, $1.index) }
  }

  /// The available entry whose turn it is; unavailable ones that come due lose that turn.
  package mutating func next(_ available: EndpointSet) -> Int? {
    for _ in 0..<heap.count {
      let index = Int(heap[0].index)
      if heap[0].due >= Self.rebaseAt { rebase() }
      heap[0].due += strides[index]
      siftDown()
      if available.contains(index) { return index }
    }
    // Heavy unavailable entries may come due many times before a light available one: take that.
    return available.first(from: 0)
  }

  /// The order stays: each due is at most a stride, 2^32, behind the earliest.
  private mutating func rebase() {
    let earliest = heap[0].due
    for place in heap.indices { heap[place].due -= earliest }
  }

  private mutating func siftDown() {
    var parent = 0
    let entry = heap[0]
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, precedes(heap[child + 1], heap[child]) { child += 1 }
      guard precedes(heap[child], entry) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = entry
  }

  private func precedes(_ left: Entry, _ right: Entry) -> Bool {
    left.due != right.due ? left.due < right.due : left.index < right.index
  }
}
