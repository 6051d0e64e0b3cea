import HTTPModel
import Primitives

/// A request of ours, and the answer that comes.
///
/// ```
/// begin ─▶ (head of a 1xx ─▶ passHead)* ─▶ final head ─▶ passHead, payload ─▶ trailers
/// ```
///
/// One head stands in `head` at a time; blocks that come before it was passed wait as they are.
package final class ClientStream: SessionStream {
  /// A block that came while the head before it was not passed yet.
  private struct WaitingBlock {
    var fields: [(name: [UInt8], value: [UInt8])] = []
    var isWhole = false
    /// It ends the answer.
    var isEnd = false
  }

  /// The answer's; ranges count from the first byte of `headBlock`.
  package let head = ResponseHead()
  private var reader = ResponseFieldReader(HeadLimits())
  private var headLimits = HeadLimits()
  private var method = Method.get
  /// A head has come and was not passed.
  package private(set) var isHeadReady = false
  private var waiting: [WaitingBlock] = []
  private var waitingBytes = 0
  /// More heads wait than are kept.
  private var isOverfull = false
  /// All heads that wait may fill that many of the limit of one.
  private static let waitingHeadsMax = 4

  package override init() { super.init() }

  package override var headFault: HeadFault? { reader.fault }

  /// A request begins, by `method`, whose answer is read by `limits`; its fields come next.
  package func begin(_ method: Method, _ limits: SessionLimits) {
    begin(0, limits)
    self.method = method
    headLimits = limits.head
    reader = ResponseFieldReader(limits.head)
    isHeadReady = false
    waiting.removeAll()
    waitingBytes = 0
    isOverfull = false
  }

  override func addHeadField(_ name: Span<UInt8>, _ value: Span<UInt8>, _ pool: BufferPool) {
    if isHeadReady { wait(name, value) } else { super.addHeadField(name, value, pool) }
  }

  override func countsField(_ bytes: Int) -> Bool { reader.counts(bytes) }
  override func refuseHead(_ reason: HeadFault) { reader.refuse(reason) }

  override func readField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
    reader.add(name, value, to: head, headBlock)
  }

  override func headEnded(isEnd: Bool, _ pool: BufferPool) {
    isEnded = isEnd
    guard isHeadReady else { return finishHead(isEnd: isEnd, pool) }
    let last = openBlock()
    waiting[last].isWhole = true
    waiting[last].isEnd = isEnd
    // A block without a status is refused when its turn comes, and nothing follows it.
    let status = waiting[last].fields.first.flatMap { Token.decimal($0.value.span) } ?? 500
    if status >= 200 || isEnd || isOverfull { isHeadWhole = true }
  }

  private func finishHead(isEnd: Bool, _ pool: BufferPool) {
    makeHeadBlock(pool)
    reader.finish(head, answering: method, isEnd: isEnd)
    isHeadReady = true
    guard reader.fault != nil || head.status >= 200 else { return }
    isHeadWhole = true
    declaredBytes = reader.payloadBytes
  }

  /// The head has been used; behind an interim one comes the next.
  package func passHead(_ pool: BufferPool) {
    guard isHeadReady else { return }
    isHeadReady = false
    guard head.status < 200, reader.fault == nil else { return }
    headBlock.removeAll()
    reader = ResponseFieldReader(headLimits)
    if isOverfull { reader.refuse(.headTooLarge) }
    guard !waiting.isEmpty else { return }
    let next = waiting.removeFirst()
    for field in next.fields { addHeadField(field.name.span, field.value.span, pool) }
    // The rest of one that has not ended is still to come.
    if next.isWhole { finishHead(isEnd: next.isEnd, pool) }
  }

  // MARK: Blocks that wait

  private func openBlock() -> Int {
    if waiting.last?.isWhole ?? true { waiting.append(WaitingBlock()) }
    return waiting.count - 1
  }

  private func wait(_ name: Span<UInt8>, _ value: Span<UInt8>) {
    let last = openBlock()
    waitingBytes += name.count + value.count + 32
    guard waitingBytes <= Self.waitingHeadsMax * headLimits.headBytesMax else {
      isOverfull = true
      return
    }
    waiting[last].fields.append((Self.bytes(name), Self.bytes(value)))
  }

  private static func bytes(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }
}
