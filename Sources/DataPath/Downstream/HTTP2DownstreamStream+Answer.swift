import HTTP1
import HTTP2
import HTTPModel
import Primitives
import Telemetry

/// The answer as fields and payload that wait in the stream: heads, trailers, and replies of our own.
extension HTTP2DownstreamStream {
  /// Blocks for the head and the payload; false: there are none.
  func makeOutput(headBytes: Int, _ length: PayloadLength) -> Bool {
    var isLarge = false
    if case .known(let bytes) = length { isLarge = bytes > UInt64(BufferPool.smallBytes) }
    let headSize = headBytes > BufferPool.smallBytes / 2 ? BufferPool.largeBytes : 1
    guard pool.lend(to: record.fields.text, atLeast: headSize) else { return false }
    if isLarge, pool.lend(to: record.output, atLeast: BufferPool.largeBytes) { return true }
    return pool.lend(to: record.output)
  }

  private func begin(_ status: UInt16, _ list: FieldList) {
    list.removeAll()
    list.begin(":status")
    list.text.append(decimal: UInt64(status))
    list.end()
  }

  /// The head of an endpoint's answer; false, and nothing is left of it: it does not fit.
  func writeHead(of answer: UpstreamStream, _ edits: HeaderEdits) -> Bool {
    let answered = answer.head
    let block = answer.headBlock
    let bytes = block.readable
    let list = record.fields
    let sink = HTTP2FieldSink(list)
    begin(answered.status, list)
    let fits =
      AnswerFields.copy(exchange, answered, edits, bytes, to: sink)
      && writeLength(answered, sink)
      && AnswerFields.addDate(exchange, answered, edits, bytes, to: sink)
      && AnswerFields.add(exchange, self, answered, edits, to: sink)
    if !fits { list.removeAll() }
    return fits
  }

  /// Frames say where a payload ends; a length that is known is told all the same.
  private func writeLength(_ answer: ResponseHead, _ sink: HTTP2FieldSink) -> Bool {
    var length = answer.declaredLength
    if case .known(let declared) = answer.length { length = declared }
    // One that ended in HTTP/2 without having said its length says none here.
    guard let length, length > 0 || !answer.lengthName.isEmpty else { return true }
    guard sink.out.writableCount >= 64 else { return false }
    sink.begin("content-length: ")
    sink.out.append(decimal: length)
    sink.end()
    return true
  }

  func writeInterim(of answer: UpstreamStream, to list: FieldList) -> Bool {
    let block = answer.headBlock
    let bytes = block.readable
    begin(answer.head.status, list)
    return AnswerFields.copyInterim(exchange, answer.head, bytes, to: HTTP2FieldSink(list))
  }

  // MARK: Replies of our own

  func write(_ reply: LocalReply) -> Bool {
    let list = record.fields
    for buffer in [list.text, record.output]
    where !pool.lend(to: buffer, atLeast: BufferPool.largeBytes) {
      pool.lendBeyondBudget(to: buffer)
    }
    record.output.removeAll()
    guard record.output.writableCount > reply.bytesNeeded else { return false }
    let exchange = exchange
    let sink = HTTP2FieldSink(list)
    begin(exchange.status, list)
    AnswerFields.addDate(worker, to: sink)
    guard reply.writeFields(exchange, self, to: sink) else { return false }
    if let length = reply.bodyBytes, !reply.isTrailersOnly {
      sink.begin("content-length: ")
      list.text.append(decimal: UInt64(length))
      sink.end()
    }
    if !(headPart >= .method && head.method == .head) { reply.appendBody(to: record.output) }
    record.outputEnds = true
    return true
  }
}
