import Primitives
import Reactor
import Synchronization

/// Sends requests at a steady rate, whether or not the answers keep up, and records each.
///
/// Open loop: request `i` is due at `i / perSecond`, on a connection of its own, so that what
/// happens to one is not another's doing. Bounded: at most `clients` at once; what finds none free
/// begins late and its record says so. Starts at once; each request ends within the tests' patience
/// of its last byte. Nothing is sent again: a request that fails has failed.
public final class LoadGenerator: Sendable {
  private let port: UInt16
  private let count: Int
  private let perSecond: Int
  private let request: @Sendable (Int) -> LoadRequest
  private let name: String
  private let began = ContinuousClock.now
  private let next = Atomic(0)
  private let records = Lock<[LoadRecord]>([])
  private let threads = Lock<[LoopThread]>([])

  private static let loads = Atomic(0)

  /// `request`: the one of each index, from 0.
  public init(
    port: UInt16, count: Int, perSecond: Int, clients: Int = 16,
    _ request: @escaping @Sendable (Int) -> LoadRequest
  ) {
    precondition(count >= 0 && perSecond > 0 && clients > 0)
    self.port = port
    self.count = count
    self.perSecond = perSecond
    self.request = request
    name = "\(Self.loads.wrappingAdd(1, ordering: .relaxed).newValue)"
    let threads = (0..<min(clients, count)).map { number in
      LoopThread(name: "load-\(number)") { self.run() }
    }
    self.threads.withLock { $0 = threads }
  }

  /// The id that request `index` has in `x-load-id`, in records and in journals.
  public func id(_ index: Int) -> String { "load-\(name)-\(index)" }

  public var finishedCount: Int { records.withLock { $0.count } }

  /// Waits until `count` requests have ended, to do something to their server in their midst; false:
  /// they did not within the tests' patience.
  public func waits(forFinished count: Int) -> Bool {
    Patience.waits { finishedCount >= count }
  }

  /// Waits for all of them.
  public func report() -> LoadReport {
    let threads = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in threads { thread.join() }
    return LoadReport(records.withLock { $0 })
  }

  private func run() {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      let due = began.advanced(by: .seconds(1) * index / perSecond)
      Pace.wait(ContinuousClock.now.duration(to: due))
      let request = request(index)
      var record = LoadRecord(index: index, id: id(index), method: request.method)
      record.lateness = due.duration(to: .now)
      exchange(request, &record)
      record.duration = due.duration(to: .now)
      records.withLock { $0.append(record) }
    }
  }

  private func exchange(_ request: LoadRequest, _ record: inout LoadRecord) {
    guard let socket = try? BlockingSocket.connect(port: port) else { return }
    record.ending = .unanswered
    // An early answer may come although sending fails.
    try? socket.send(request.text(id: record.id))
    var bytes: [UInt8] = []
    var isOver = false
    while !isOver {
      do {
        let more = try socket.receive()
        bytes += more
        isOver = more.isEmpty
      } catch {
        let isSilent = (error as? BlockingSocket.Failure)?.isSilence == true
        if isSilent { record.ending = .silent }
        return
      }
      guard let head = PlainMessage.head(bytes) else { continue }
      record.take(head)
      if record.ending == .unanswered { record.ending = .cut }
      let hasBody = request.method != "HEAD"
      if PlainMessage.read(bytes, hasBody: hasBody, isResponse: true, isOver: isOver) != nil {
        record.ending = .whole
        return
      }
    }
  }
}
