import HTTPModel
import Primitives

/// One request and its answer as a session carries them: what came and was not taken yet, and what is
/// to be sent.
///
/// Why a class of its own: the session's callbacks write into it, and who serves the request, or has made
/// it, reads it when they have returned. A subclass knows which head it is that comes. Confinement: its
/// session's loop.
package class SessionStream {
  package private(set) final var id: Int32 = 0
  /// The text of the head that came; its ranges count from the first byte here.
  package final let headBlock = Buffer()
  /// All of the message's head has come.
  package internal(set) final var isHeadWhole = false
  /// The peer has ended its direction.
  package internal(set) final var isEnded = false
  /// It is gone from the wire: reset by either side, or both have ended it.
  package internal(set) final var isClosed = false
  /// The peer has said that it did not act upon it: it was refused, or stands above the last that a
  /// GOAWAY names (RFC 9113 §8.7).
  package internal(set) final var isRefused = false
  /// Why the peer reset it.
  package internal(set) final var resetCode: ErrorCode?
  /// The budget of buffers had none for it.
  package internal(set) final var lacksMemory = false

  // MARK: The body

  /// Payload that came and stays: see `taken`.
  package final let payload = Buffer()
  /// How much of `payload` was taken and is kept for another attempt.
  package internal(set) final var keptBytes = 0
  package internal(set) final var keptBytesMax = 0
  /// Payload that was taken and is gone.
  package internal(set) final var goneBytes: UInt64 = 0
  private final var receivedBytes: UInt64 = 0
  private(set) final var trailers = TrailerFields()
  private(set) final var bodyLimits = BodyLimits()
  private final var bodyRefusal: BodyFault?
  /// Payload that came and for which its window was not opened again.
  final var owedBytes = 0

  // MARK: The answer

  /// The answer's head, until it is submitted.
  package final let fields = FieldList()
  package final let trailerFields = FieldList()
  /// Payload that waits for the peer's window.
  package final let output = Buffer()
  /// Nothing follows what is in `output` but the trailers.
  package final var outputEnds = false
  /// The head was handed to the session's queue.
  package internal(set) final var isHeadSubmitted = false
  /// Its head was put into the connection's output.
  package internal(set) final var isHeadSent = false
  /// The frame that ends our direction is in the connection's output.
  package internal(set) final var isEndSent = false
  /// Its DATA waits for payload, or for room.
  final var isDeferred = false
  final var movesOutput = false
  final var isTold = false

  init() {}

  /// Why the head that came cannot be understood.
  package var headFault: HeadFault? { nil }
  /// The payload that the head declares; nil: it says nothing.
  final var declaredBytes: UInt64?
  package final var bodyFault: BodyFault? { bodyRefusal ?? trailers.fault }
  package final var trailerLines: [UInt8] { trailers.bytes }
  package final var trailerTable: [Field] { trailers.fields }

  /// Payload that was not taken yet: what stands behind `keptBytes`.
  package final var unreadCount: Int { payload.count - keptBytes }

  func begin(_ id: Int32, _ limits: SessionLimits) {
    self.id = id
    declaredBytes = nil
    bodyLimits = limits.body
    trailers = TrailerFields()
    bodyRefusal = nil
    isHeadWhole = false
    isEnded = false
    isClosed = false
    resetCode = nil
    lacksMemory = false
    keptBytes = 0
    keptBytesMax = 0
    goneBytes = 0
    receivedBytes = 0
    owedBytes = 0
    outputEnds = false
    isHeadSubmitted = false
    isHeadSent = false
    isRefused = false
    isEndSent = false
    isDeferred = false
    movesOutput = false
    isTold = false
  }

  final func opened(as id: Int32) { self.id = id }

  /// Gives all blocks back. Call when nobody serves it any more.
  package final func giveBuffers(to pool: BufferPool) {
    for buffer in [headBlock, payload, output, fields.text, trailerFields.text]
    where buffer.hasBlock {
      pool.reclaim(from: buffer)
    }
    fields.removeAll()
    trailerFields.removeAll()
  }

  // MARK: What comes

  /// The next field of the block that is being read.
  final func addField(_ name: Span<UInt8>, _ value: Span<UInt8>, _ pool: BufferPool) {
    guard !isHeadWhole else { return trailers.add(name, value, bodyLimits) }
    addHeadField(name, value, pool)
  }

  /// A field of the head, by way of `readField`.
  func addHeadField(_ name: Span<UInt8>, _ value: Span<UInt8>, _ pool: BufferPool) {
    let count = name.count + value.count
    guard countsField(count), makeHeadRoom(for: count + 4, pool) else { return }
    readField(name, value)
  }

  /// Counts a field of `bytes`; true: it is to be kept.
  func countsField(_ bytes: Int) -> Bool { preconditionFailure("a stream of no side") }

  /// Precondition: the block has room for it.
  func readField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
    preconditionFailure("a stream of no side")
  }

  func refuseHead(_ reason: HeadFault) { preconditionFailure("a stream of no side") }

  /// A block of the head has ended.
  func headEnded(isEnd: Bool, _ pool: BufferPool) { preconditionFailure("a stream of no side") }

  /// False: the head is refused, and `lacksMemory` says whether the budget of buffers had none.
  private func makeHeadRoom(for count: Int, _ pool: BufferPool) -> Bool {
    guard headBlock.writableCount < count else { return true }
    let size = headBlock.hasBlock ? BufferPool.largeBytes : BufferPool.smallBytes
    lacksMemory = count <= size && !pool.lend(to: headBlock, atLeast: max(size, count))
    if !lacksMemory, headBlock.writableCount >= count { return true }
    refuseHead(.headTooLarge)
    return false
  }

  /// Also a head without a field has a block, where its ranges count from.
  final func makeHeadBlock(_ pool: BufferPool) {
    guard !headBlock.hasBlock, !pool.lend(to: headBlock) else { return }
    lacksMemory = true
    refuseHead(.headTooLarge)
  }

  /// A second HEADERS block: trailers, which end the request (RFC 9113 §8.1).
  final func trailersEnded(isEnd: Bool) {
    if isEnd { bodyEnded() } else { bodyRefusal = bodyRefusal ?? .trailersWithoutEnd }
  }

  /// Payload came; what nobody can use any more is dropped.
  final func receive(_ bytes: Span<UInt8>, _ pool: BufferPool) {
    owedBytes += bytes.count
    guard bodyFault == nil, !lacksMemory else { return }
    receivedBytes += UInt64(bytes.count)
    // No payload stands before its head.
    guard isHeadWhole, receivedBytes <= declaredBytes ?? .max else {
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

  final func bodyEnded() {
    isEnded = true
    if let declared = declaredBytes, receivedBytes != declared {
      bodyRefusal = bodyRefusal ?? .lengthDiffers
    }
  }

  // MARK: What is taken

  /// The body's bytes stay for another attempt as long as they are no more than `most`, and than the
  /// window, which what is kept does not open again.
  package final func keep(upTo most: Int) { keptBytesMax = min(most, BufferPool.largeBytes - 2) }

  /// The first `count` unread bytes were taken.
  final func taken(_ count: Int) {
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
  package final func rewind() {
    precondition(goneBytes == 0, "a body that is gone cannot be sent again")
    keptBytes = 0
  }

  /// Nobody wants the rest of the body.
  package final func skip() {
    payload.removeAll()
    keptBytes = 0
  }
}
