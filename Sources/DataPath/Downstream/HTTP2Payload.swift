import HTTP1
import HTTP2
import HTTPModel
import Primitives

/// Payload and trailers between an HTTP/2 stream and the other side, which may be of either version.
extension SessionStream {
  /// Gives payload that came to `sink`, `most` bytes at most and what it has room for; how much it was. The
  /// window opens again by as much.
  func move(into sink: MessageStream, upTo most: Int, _ session: Session) -> Int {
    var moved = 0
    while true {
      let count = min(sink.payloadRoom, most - moved, unreadCount)
      guard count > 0 else { return moved }
      let payload = payload
      let start = keptBytes
      sink.put(payload.readable.extracting(start..<start + count))
      session.take(count, of: self)
      moved += count
    }
  }

  /// The trailers that `append` writes as lines become those of what goes out, by way of the output's free
  /// room; false: there is too little now.
  func putTrailers(_ pool: BufferPool, _ append: (Buffer) -> Bool) -> Bool {
    if !output.hasBlock, !pool.lend(to: output) { return false }
    let before = output.count
    guard append(output) else { return false }
    let length = output.count - before
    guard length > 0 else { return true }
    defer { output.truncate(length) }
    guard pool.lend(to: trailerFields.text) else { return false }
    let out = output
    if HTTP2FieldSink(trailerFields).addLines(out.readable.extracting(before..<out.count)) {
      return true
    }
    trailerFields.removeAll()
    return false
  }

  /// What came behind the body, as lines of text, but what `edits` leave out.
  func appendTrailers(_ edits: HeaderEdits, to out: Buffer) -> Bool {
    let lines = trailerLines
    return HeadEncoder.copyFields(
      trailerTable, of: lines.span, omitting: edits.omitted, others: edits.others,
      nominatesOthers: false, to: out)
  }
}
