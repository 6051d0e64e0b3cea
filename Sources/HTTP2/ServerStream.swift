import HTTPModel
import Primitives

/// A request that came, and its answer. Reused from request to request.
package final class ServerStream: SessionStream {
  /// The request's; ranges count from the first byte of `headBlock`.
  package let head = RequestHead()
  private var reader = RequestFieldReader(HeadLimits())

  package override init() { super.init() }

  package override var headFault: HeadFault? { reader.fault }

  override func begin(_ id: Int32, _ limits: SessionLimits) {
    super.begin(id, limits)
    head.clear()
    reader = RequestFieldReader(limits.head)
  }

  override func countsField(_ bytes: Int) -> Bool { reader.counts(bytes) }
  override func refuseHead(_ reason: HeadFault) { reader.refuse(reason) }

  override func readField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
    reader.add(name, value, to: head, headBlock)
  }

  override func headEnded(isEnd: Bool, _ pool: BufferPool) {
    makeHeadBlock(pool)
    reader.finish(head, headBlock, isEnd: isEnd)
    declaredBytes = reader.contentLength
    isHeadWhole = true
    isEnded = isEnd
  }

  /// What is known of a head that was refused. Call once, where `headFault` is there.
  package func salvage() -> RequestHead.Part { reader.salvage(head, headBlock) }
}
