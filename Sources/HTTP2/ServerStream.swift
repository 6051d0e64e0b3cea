import HTTPModel
import Primitives

/// One request and its answer as a session carries them: what came and was not taken yet, and what is
/// to be sent.
///
/// Why a class of its own: the session's callbacks write into it, and who serves the request reads it
/// when they have returned. Reused from request to request. Confinement: its session's loop.
package final class ServerStream {
  package private(set) var id: Int32 = 0
  /// The request's; ranges count from the first byte of `headBlock`.
  package let head = RequestHead()
  package let headBlock = Buffer()
  var reader = RequestFieldReader(HeadLimits())
  /// All of the HEADERS block has come.
  package private(set) var isHeadWhole = false
  /// The peer has ended its direction.
  package private(set) var isEnded = false
  /// It is gone from the wire: reset by either side, or both have ended it.
  package internal(set) var isClosed = false
  /// Why the peer reset it.
  package internal(set) var resetCode: ErrorCode?
  /// The budget of buffers had none for it.
  package private(set) var lacksMemory = false

  // MARK: The body

  /// Payload that came and stays: see `taken`.
  package let payload = Buffer()
  /// How much of `payload` was taken and is kept for another attempt.
  package internal(set) var keptBytes = 0
  package internal(set) var keptBytesMax = 0
  /// Payload that was taken and is gone.
  package internal(set) var goneBytes: UInt64 = 0
  private var receivedBytes: UInt64 = 0
  private(set) var trailers = TrailerFields()
  private var hasTrailers = false
  private(set) var bodyLimits = BodyLimits()
  private var bodyRefusal: BodyFault?
  /// Payload that came and for which its window was not opened again.
  var owedBytes = 0

  // MARK: The answer

  /// The answer's head, until it is submitted.
  package let fields = FieldList()
  package let trailerFields = FieldList()
  /// Payload that waits for the peer's window.
  package let output = Buffer()
  /// Nothing follows what is in `output` but the trailers.
  package var outputEnds = false
  /// The head was handed to the session's queue.
  package internal(set) var isHeadSubmitted = false
  /// The frame that ends our direction is in the connection's output.
  package internal(set) var isEndSent = false
  /// Its DATA waits for payload, or for room.
  var isDeferred = false
  var movesOutput = false
  var isTold = false

  package init() {}

  package var headFault: HeadFault? { reader.fault }
  package var bodyFault: BodyFault? { bodyRefusal ?? trailers.fault }
  package var trailerLines: [UInt8] { trailers.bytes }
  package var trailerTable: [Field] { trailers.fields }

  /// Payload that was not taken yet: what stands behind `keptBytes`.
  package var unreadCount: Int { payload.count - keptBytes }

  func begin(_ id: Int32, _ limits: SessionLimits) {
    self.id = id
    head.clear()
    reader = RequestFieldReader(limits.head)
    bodyLimits = limits.body
    trailers = TrailerFields()
    bodyRefusal = nil
    isHeadWhole = false
    isEnded = false
    isClosed = false
    resetCode = nil
    lacksMemory = false
    hasTrailers = false
    keptBytes = 0
    keptBytesMax = 0
    goneBytes = 0
    receivedBytes = 0
    owedBytes = 0
    outputEnds = false
    isHeadSubmitted = false
    isEndSent = false
    isDeferred = false
    movesOutput = false
    isTold = false
  }

  /// Gives all blocks back. Call when nobody serves it any more.
  package func giveBuffers(to pool: BufferPool) {
    for buffer in [headBlock, payload, output, fields.text, trailerFields.text]
    where buffer.hasBlock {
      pool.reclaim(from: buffer)
    }
    fields.removeAll()
    trailerFields.removeAll()
  }

  // MARK: What comes

  func addField(_ name: Span<UInt8>, _ value: Span<UInt8>, _ pool: BufferPool) {
    guard !isHeadWhole else {
      hasTrailers = true
      return trailers.add(name, value, bodyLimits)
    }
    guard reader.counts(name.count + value.count) else { return }
    let needed = name.count + value.count + 4
    if headBlock.writableCount < needed {
      let size = headBlock.hasBlock ? BufferPool.largeBytes : BufferPool.smallBytes
      guard needed <= size, pool.lend(to: headBlock, atLeast: max(size, needed)) else {
        lacksMemory = needed <= size
        return reader.refuse(.headTooLarge)
      }
      guard headBlock.writableCount >= needed else { return reader.refuse(.headTooLarge) }
    }
    reader.add(name, value, to: head, headBlock)
  }

  func headEnded(isEnd: Bool, _ pool: BufferPool) {
    if !headBlock.hasBlock, !pool.lend(to: headBlock) {
      lacksMemory = true
      reader.refuse(.headTooLarge)
    }
    reader.finish(head, headBlock, isEnd: isEnd)
    isHeadWhole = true
    isEnded = isEnd
  }

  /// What is known of a head that was refused. Call once, where `headFault` is there.
  package func salvage() -> RequestHead.Part { reader.salvage(head, headBlock) }

  /// A second HEADERS block: trailers, which end the request (RFC 9113 §8.1).
  func trailersEnded(isEnd: Bool) {
    if isEnd { bodyEnded() } else { bodyRefusal = bodyRefusal ?? .trailersWithoutEnd }
  }

  /// Payload came; what nobody can use any more is dropped.
  func receive(_ bytes: Span<UInt8>, _ pool: BufferPool) {
    owedBytes += bytes.count
    guard bodyFault == nil, !lacksMemory else { return }
    receivedBytes += UInt64(bytes.count)
    if let declared = reader.contentLength, receivedBytes > declared {
      bodyRefusal = .lengthDiffers
      return
    }
    guard makeRoom(for: bytes.count, pool) else {
      lacksMemory = true
      return
    }
    payload.append(bytes)
  }

  /// The window bounds what comes by what a large block holds.
  private func makeRoom(for count: Int, _ pool: BufferPool) -> Bool {
    if payload.writableCount >= count { return true }
    payload.compact()
    if payload.writableCount >= count { return true }
    let needed = payload.count + count
    guard needed <= BufferPool.largeBytes else { return false }
    return pool.lend(to: payload, atLeast: needed)
  }

  func bodyEnded() {
    isEnded = true
    if let declared = reader.contentLength, receivedBytes != declared {
      bodyRefusal = bodyRefusal ?? .lengthDiffers
    }
  }

  // MARK: What is taken

  /// The body's bytes stay for another attempt as long as they are no more than `most`, and than the
  /// window, which what is kept does not open again.
  package func keep(upTo most: Int) { keptBytesMax = min(most, BufferPool.largeBytes - 2) }

  /// The first `count` unread bytes were taken.
  func taken(_ count: Int) {
    keptBytes += count
    if keptBytesMax > 0, keptBytes > keptBytesMax || (!isEnded && keptBytes == keptBytesMax) {
      keptBytesMax = 0
    }
    if keptBytesMax == 0 { dropKept() }
  }

  private func dropKept() {
    goneBytes += UInt64(keptBytes)
    payload.consume(keptBytes)
    keptBytes = 0
  }

  /// What was taken is to be taken again. Precondition: all of it is here.
  package func rewind() {
    precondition(goneBytes == 0, "a body that is gone cannot be sent again")
    keptBytes = 0
  }

  /// Nobody wants the rest of the body.
  package func skip() {
    payload.removeAll()
    keptBytes = 0
  }
}
