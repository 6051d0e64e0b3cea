import Primitives

/// One loop's access log: lines are put together in a block that a `LogSink` writes.
///
/// Confinement: its loop. Cost: a copy of the fields; no allocation but a block's share.
package final class AccessLog {
  /// No line is longer: what does not fit is cut, never the line's form.
  private static let lineBytesMax = 32 * 1024
  private let sink: LogSink
  private var block = Buffer(capacity: LogSink.blockBytes)
  package private(set) var dropped: UInt64 = 0

  package init(sink: LogSink) {
    self.sink = sink
  }

  package var isEmpty: Bool { block.isEmpty }

  /// The buffer to append one line to, with room for the longest; nil: the line is dropped.
  package func beginLine() -> Buffer? {
    if block.writableCount < Self.lineBytesMax { flush() }
    guard block.writableCount >= Self.lineBytesMax else {
      dropped &+= 1
      return nil
    }
    return block
  }

  /// Hands what there is to the writer.
  package func flush() {
    guard !block.isEmpty, let fresh = sink.exchange(block) else { return }
    block = fresh
  }
}
