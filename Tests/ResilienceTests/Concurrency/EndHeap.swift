/// What a simulated service will have done when; the earliest first.
struct EndHeap {
  struct End {
    /// Nanoseconds.
    var time: Double
    var arrived: Double
    var work: Double
  }

  private var ends: [End] = []
  var count: Int { ends.count }
  var first: End? { ends.first }

  mutating func insert(_ end: End) {
    var place = ends.count
    ends.append(end)
    while place > 0, ends[(place - 1) / 2].time > end.time {
      ends[place] = ends[(place - 1) / 2]
      place = (place - 1) / 2
    }
    ends[place] = end
  }

  /// Precondition: there is one.
  mutating func removeFirst() -> End {
    let first = ends[0]
    let last = ends.removeLast()
    guard !ends.isEmpty else { return first }
    var place = 0
    while true {
      var child = 2 * place + 1
      if child + 1 < ends.count, ends[child + 1].time < ends[child].time { child += 1 }
      guard child < ends.count, ends[child].time < last.time else { break }
      ends[place] = ends[child]
      place = child
    }
    ends[place] = last
    return first
  }
}
