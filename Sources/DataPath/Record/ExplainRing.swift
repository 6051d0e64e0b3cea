import HTTPModel
import Primitives

/// The latest exchanges of one worker that failed, were tried more than once or were slow.
///
/// Bounded: `capacity` of them, the oldest makes room. Grows to that with the first of them, and
/// allocates nothing from then on: a refusal must stay cheap when every request is refused.
/// Memory: 0.8 KiB an entry, 1.4 KiB with four attempts. Confinement: the worker's loop.
struct ExplainRing {
  /// A client's bytes are kept up to these lengths.
  private static let methodBytesMax = 16
  private static let targetBytesMax = 160
  private static let clientBytesMax = 48
  private static let textBytesMax =
    RequestID.bytesMax + methodBytesMax + targetBytesMax + clientBytesMax

  private struct Entry {
    /// All but the texts.
    var trace = ExchangeTrace()
    /// Those, one behind another.
    let text = Buffer(capacity: textBytesMax)
    var idEnd = 0
    var methodEnd = 0
    var targetEnd = 0
  }

  private(set) var capacity: Int
  private var entries: [Entry] = []
  private var next = 0

  /// 0: nothing is kept.
  init(capacity: Int) {
    self.capacity = capacity
  }

  /// Keeps the latest of what is there.
  mutating func resize(to capacity: Int) {
    entries = latestFirst.prefix(capacity).reversed().map { entries[$0] }
    self.capacity = capacity
    next = entries.count == capacity ? 0 : entries.count
  }

  /// Puts `trace` in, whose attempts are exchanged for an empty block. `downstream`: the request.
  mutating func add(
    _ trace: ExchangeTrace, attempts: inout [AttemptTrace], _ exchange: Exchange,
    _ downstream: DownstreamStream
  ) {
    guard capacity > 0 else { return }
    if entries.count < capacity, next == entries.count { entries.append(Entry()) }
    var old: [AttemptTrace] = []
    swap(&old, &entries[next].trace.attempts)
    entries[next].trace = trace
    swap(&entries[next].trace.attempts, &attempts)
    old.removeAll(keepingCapacity: true)
    swap(&old, &attempts)
    write(exchange, downstream, at: next)
    next = next + 1 == capacity ? 0 : next + 1
  }

  private mutating func write(_ exchange: Exchange, _ downstream: DownstreamStream, at place: Int) {
    let block = downstream.headBlock
    let bytes = block.readable
    let text = entries[place].text
    text.removeAll()
    exchange.identifiers.requestID.append(head: bytes, to: text)
    entries[place].idEnd = text.count
    if downstream.headPart >= .method {
      let method = bytes.extracting(downstream.head.methodText.bounds)
      text.append(method.extracting(first: min(method.count, Self.methodBytesMax)))
    }
    entries[place].methodEnd = text.count
    if downstream.headPart >= .target {
      let target = bytes.extracting(downstream.head.target.bounds)
      text.append(target.extracting(first: min(target.count, Self.targetBytesMax)))
    }
    entries[place].targetEnd = text.count
    let client = exchange.clientText(downstream)
    text.append(client.span.extracting(first: min(client.count, Self.clientBytesMax)))
  }

  /// Those of this id, the latest first: a client may send an id again.
  func find(_ id: [UInt8]) -> [ExchangeTrace] {
    latestFirst.filter { entries[$0].idEnd == id.count && starts($0, with: id) }.map(whole)
  }

  /// The latest first, at most `most` of those that `filter` takes.
  func latest(_ most: Int, _ filter: ExplainFilter, at unixNanoseconds: Int64) -> [ExchangeTrace] {
    latestFirst.lazy.filter { filter.takes(entries[$0].trace, at: unixNanoseconds) }
      .prefix(most).map(whole)
  }

  private var latestFirst: [Int] {
    let count = entries.count
    return (0..<count).map { (next + count - 1 - $0 + count) % count }
  }

  private func starts(_ place: Int, with id: [UInt8]) -> Bool {
    let text = entries[place].text
    let bytes = text.readable
    for index in id.indices where bytes[index] != id[index] { return false }
    return true
  }

  private func whole(_ place: Int) -> ExchangeTrace {
    let entry = entries[place]
    var trace = entry.trace
    trace.requestID = Self.string(entry.text, 0..<entry.idEnd)
    trace.method = Self.string(entry.text, entry.idEnd..<entry.methodEnd)
    trace.target = Self.string(entry.text, entry.methodEnd..<entry.targetEnd)
    trace.client = Self.string(entry.text, entry.targetEnd..<entry.text.count)
    return trace
  }

  /// Bytes that would move a terminal's cursor, or are no ASCII, are shown as dots.
  private static func string(_ text: Buffer, _ range: Range<Int>) -> String {
    let bytes = text.readable
    var result = ""
    for index in range {
      let byte = bytes[index]
      result.unicodeScalars.append(
        (0x20..<0x7F).contains(byte) ? Unicode.Scalar(byte) : ".")
    }
    return result
  }
}
