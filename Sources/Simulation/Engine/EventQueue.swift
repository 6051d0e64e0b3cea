/// Events in the order of their times: a timing wheel before a small heap.
///
/// Why: most events of a run are timers that are dropped unused, seconds ahead. Those cost a list
/// insertion in the wheel, and only the events of the present quarter of a millisecond are sorted.
///
///     far (256 turns of the wheel) → near (8,192 buckets of 262 µs) → present (4-ary heap)
///
/// The order of equal times is the same in each run, and otherwise none. Cost: 24 bytes an event,
/// O(1) to push and about log4 of the events of one bucket to pop; no allocation once grown.
/// Source: Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987.
struct EventQueue {
  private struct Node {
    var event: Event
    var next: UInt32
  }

  private static let bucketBits: Int64 = 18
  private static let nearBits: Int64 = 13
  private static let nearMask = (1 << nearBits) - 1
  private static let farMask = 255
  private static let none = UInt32.max

  private var nodes: [Node] = []
  private var free = EventQueue.none
  private var near = [UInt32](repeating: EventQueue.none, count: EventQueue.nearMask + 1)
  private var far = [UInt32](repeating: EventQueue.none, count: EventQueue.farMask + 1)
  private var present: [Event] = []
  /// In the wheel.
  private var storedCount = 0
  /// The bucket whose events are in the heap, counted from the start.
  private var cursor: Int64 = 0

  /// Precondition: not before what was popped last.
  @inline(__always)
  mutating func push(_ event: Event) {
    if event.time >> Self.bucketBits <= cursor { return sift(event) }
    store(event)
  }

  /// The earliest event, nil: none before `end`.
  @inline(__always)
  mutating func pop(before end: Int64) -> Event? {
    while present.isEmpty {
      guard storedCount > 0, (cursor + 1) << Self.bucketBits < end else { return nil }
      turn()
    }
    guard present[0].time < end else { return nil }
    return popPresent()
  }

  private mutating func store(_ event: Event) {
    let bucket = event.time >> Self.bucketBits
    let node = allocate(event)
    storedCount += 1
    if bucket - cursor <= Int64(Self.nearMask) {
      let slot = Int(bucket) & Self.nearMask
      nodes[node].next = near[slot]
      near[slot] = UInt32(node)
    } else {
      // What is further than the far list goes round once more when its turn has come.
      let turn = min(bucket >> Self.nearBits, (cursor >> Self.nearBits) + Int64(Self.farMask))
      let slot = Int(turn) & Self.farMask
      nodes[node].next = far[slot]
      far[slot] = UInt32(node)
    }
  }

  private mutating func allocate(_ event: Event) -> Int {
    guard free != Self.none else {
      nodes.append(Node(event: event, next: Self.none))
      return nodes.count - 1
    }
    let node = Int(free)
    free = nodes[node].next
    nodes[node].event = event
    return node
  }

  /// Goes on to the next bucket and sorts what is in it.
  private mutating func turn() {
    cursor += 1
    if Int(cursor) & Self.nearMask == 0 {
      spread(Int(cursor >> Self.nearBits) & Self.farMask)
    }
    let slot = Int(cursor) & Self.nearMask
    var node = near[slot]
    near[slot] = Self.none
    while node != Self.none {
      let index = Int(node)
      let next = nodes[index].next
      sift(nodes[index].event)
      storedCount -= 1
      nodes[index].next = free
      free = node
      node = next
    }
  }

  /// Puts what the far list holds for this turn of the wheel where it belongs.
  private mutating func spread(_ slot: Int) {
    var node = far[slot]
    far[slot] = Self.none
    while node != Self.none {
      let index = Int(node)
      let next = nodes[index].next
      let event = nodes[index].event
      nodes[index].next = free
      free = node
      storedCount -= 1
      push(event)
      node = next
    }
  }

  // MARK: The heap

  private mutating func sift(_ event: Event) {
    present.append(event)
    var child = present.count - 1
    while child > 0 {
      let parent = (child - 1) >> 2
      guard event.time < present[parent].time else { break }
      present[child] = present[parent]
      child = parent
    }
    present[child] = event
  }

  private mutating func popPresent() -> Event {
    let first = present[0]
    let last = present.removeLast()
    let count = present.count
    guard count > 0 else { return first }
    var parent = 0
    while true {
      let begin = parent * 4 + 1
      guard begin < count else { break }
      var least = begin
      var time = present[begin].time
      var child = begin + 1
      let end = min(begin + 4, count)
      while child < end {
        if present[child].time < time {
          least = child
          time = present[child].time
        }
        child += 1
      }
      guard time < last.time else { break }
      present[parent] = present[least]
      parent = least
    }
    present[parent] = last
    return first
  }
}
