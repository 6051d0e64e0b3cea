import HTTP1
import HTTPModel
import Primitives

/// What a head in the input means for what follows it, and room for that.
extension HTTP1DownstreamStream {
  func headDecoded(_ connection: DownstreamConnection, _ input: Buffer) {
    headPart = .whole
    headBytes = http1Head.headBytes
    guard let settings = exchange.listenerSettings else { return }
    body.begin(http1Head.framing, settings.bodyLimits)
    kept = KeptBody(behind: headBytes)
    waitsToContinue = head.expectsContinue && head.hasBody && input.count == headBytes
    connection.requestCount += 1
    keepsOpen(
      http1Head.isPersistent
        && connection.requestCount < settings.requestsPerConnectionMax ?? .max)
  }

  /// Room in the input behind the head, which stays.
  func makeBodyRoom() -> Bool {
    let input = input
    if kept.bytesMax > 0 {
      if kept.offset - headBytes <= kept.bytesMax, pool.makeRoom(in: input) { return true }
      kept.outgrow()
    }
    if kept.offset > headBytes, input.writableCount < input.capacity / 2 {
      input.removeSubrange(at: headBytes, count: kept.offset - headBytes)
      kept.forgetPassed(from: headBytes)
    }
    // A head that fills its block leaves no room behind it.
    return pool.makeRoom(in: input)
  }
}
