import Primitives
import Upstreams

/// Workers that share the connections of one upstream, as small as can be: what `DataPath` does with
/// idle connections, waiting requests and mail, around the real `SlotAppeal`.
///
/// Time stands still, so that the appeal's safety, which asks anew after a pause, never helps.
struct SlotSharingModel: Hashable {
  enum Mail: Hashable {
    /// A slot of the limit, given for good.
    case slot
    case round(origin: Int, unmet: Int)
    /// A slot may be free.
    case look
  }

  enum Event: Hashable {
    /// A request begins at a worker.
    case arrival(Int)
    /// An answer is whole.
    case finish(Int)
    /// A worker takes the first of its mail.
    case delivery(Int)
  }

  struct Worker: Hashable {
    var idle = 0
    var busy = 0
    var waiting = 0
    var appeal = SlotAppeal()
    var mail: [Mail] = []
  }

  private static let now = Instant(nanoseconds: 0)
  private(set) var workers: [Worker]
  private(set) var free: Int
  /// Requests that may still come.
  private(set) var left: Int
  /// Rounds that were begun.
  private(set) var rounds = 0

  init(workers: Int, connections: Int, requests: Int) {
    self.workers = [Worker](repeating: Worker(), count: workers)
    free = connections
    left = requests
  }

  var events: [Event] {
    workers.indices.flatMap { index -> [Event] in
      (left > 0 ? [.arrival(index)] : []) + (workers[index].busy > 0 ? [.finish(index)] : [])
        + (workers[index].mail.isEmpty ? [] : [.delivery(index)])
    }
  }

  /// Nothing is in flight, and no mail on its way.
  var isQuiet: Bool { workers.allSatisfy { $0.busy == 0 && $0.mail.isEmpty } }
  var waiting: Int { workers.reduce(0) { $0 + $1.waiting } }

  /// Connections, free slots and slots in mail: always as many as the limit.
  var slots: Int {
    workers.reduce(free) { $0 + $1.idle + $1.busy + $1.mail.filter { $0 == .slot }.count }
  }

  mutating func take(_ event: Event) {
    switch event {
    case .arrival(let index):
      left -= 1
      begin(index)
    case .finish(let index):
      workers[index].busy -= 1
      checkIn(index)
    case .delivery(let index): receive(workers[index].mail.removeFirst(), index)
    }
  }

  private mutating func begin(_ index: Int) {
    if workers[index].idle > 0 {
      workers[index].idle -= 1
      workers[index].busy += 1
    } else if workers[index].waiting == 0, free > 0 {
      free -= 1
      workers[index].busy += 1
    } else {
      workers[index].waiting += 1
      ask(index)
    }
  }

  private mutating func ask(_ index: Int) {
    guard let count = workers[index].appeal.asks(waiting: workers[index].waiting, now: Self.now)
    else { return }
    rounds += 1
    post(.round(origin: index, unmet: count), to: next(index))
  }

  /// A connection has nothing to do: in turn its slot is one of ours or another worker's.
  private mutating func checkIn(_ index: Int) {
    guard let waiter = waiter(after: index) else {
      workers[index].idle += 1
      return
    }
    free(for: workers[index].waiting > 0 ? index : waiter, at: index)
  }

  private mutating func free(for waiter: Int, at index: Int) {
    if waiter == index { takeSlot(index) } else { post(.slot, to: waiter) }
  }

  private mutating func takeSlot(_ index: Int) {
    if workers[index].waiting > 0 {
      workers[index].waiting -= 1
      workers[index].busy += 1
      if workers[index].waiting == 0 { workers[index].appeal.nobodyWaits() }
    } else if let waiter = waiter(after: index) {
      post(.slot, to: waiter)
    } else {
      free += 1
    }
  }

  private mutating func receive(_ mail: Mail, _ index: Int) {
    switch mail {
    case .slot: takeSlot(index)
    case .look:
      while workers[index].waiting > 0, free > 0 {
        free -= 1
        takeSlot(index)
      }
    case .round(let origin, var unmet) where origin != index:
      while unmet > 0, workers[index].idle > 0, let waiter = waiter(after: index) {
        unmet -= 1
        workers[index].idle -= 1
        free(for: waiter, at: index)
      }
      post(.round(origin: origin, unmet: unmet), to: unmet == 0 ? origin : next(index))
    case .round(_, let unmet):
      workers[index].appeal.ended(unmet: unmet, now: Self.now)
      ask(index)
    }
  }

  private mutating func post(_ mail: Mail, to index: Int) { workers[index].mail.append(mail) }
  private func next(_ index: Int) -> Int { (index + 1) % workers.count }

  private func waiter(after index: Int) -> Int? {
    (1...workers.count).map { (index + $0) % workers.count }.first { workers[$0].waiting > 0 }
  }
}
