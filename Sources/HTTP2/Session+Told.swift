import HTTPModel
import Primitives

/// What the library's callbacks tell a session. They only append: nothing is submitted here.
extension Session {
  func end(by reason: SessionFault) {
    if fault == nil { fault = reason }
  }

  /// False: the connection ends by this frame.
  func frameBegan(_ type: UInt8) -> Bool {
    if let reason = ledger.began(type, now) { end(by: reason) }
    return fault == nil
  }

  func blockBegan(_ id: Int32, isRequest: Bool) {
    blockBytes = 0
    guard isRequest, let supply else { return }
    ledger.streamOpened()
    let stream = supply(id)
    stream.begin(id, limits)
    streams[id] = stream
  }

  /// False: the block is so large that the connection ends.
  func fieldCame(_ id: Int32, _ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
    blockBytes += name.count + value.count + 32
    guard blockBytes <= limits.headerListFactor * limits.head.headBytesMax else {
      end(by: .headerListTooLarge)
      return false
    }
    streams[id]?.addField(name, value, pool)
    return true
  }

  func blockEnded(_ id: Int32, isRequest: Bool, isEnd: Bool) {
    guard let stream = streams[id] else { return }
    if isRequest, let stream = stream as? ServerStream {
      stream.headEnded(isEnd: isEnd, pool)
      events.append(.request(stream))
    } else if isClient, !stream.isHeadWhole {
      stream.headEnded(isEnd: isEnd, pool)
      tell(stream)
    } else {
      stream.trailersEnded(isEnd: isEnd)
      tell(stream)
    }
  }

  func dataCame(_ id: Int32, _ bytes: Span<UInt8>) {
    owedBytes += bytes.count
    guard let stream = streams[id] else { return }
    stream.receive(bytes, pool)
    tell(stream)
  }

  /// False: the connection ends by this frame.
  func dataEnded(_ id: Int32, payload: Int, isEnd: Bool) -> Bool {
    if payload == 0, !isEnd, let reason = ledger.emptyDataCame(now) {
      end(by: reason)
      return false
    }
    if isEnd, let stream = streams[id] {
      stream.bodyEnded()
      tell(stream)
    }
    return true
  }

  private func tell(_ stream: SessionStream) {
    guard !stream.isTold else { return }
    stream.isTold = true
    events.append(.body(stream))
  }

  func pingAcknowledged(_ isDrains: Bool) {
    if isDrains, drainStep == .announced { drainStep = .acknowledged }
  }

  func resetCame(_ id: Int32, _ code: UInt32) {
    streams[id]?.resetCode = ErrorCode(received: code)
  }

  func streamClosed(_ id: Int32, _ code: UInt32) {
    ownResets.remove(id)
    guard let stream = streams.removeValue(forKey: id) else { return }
    stream.isClosed = true
    // The library says the same of streams above the last one that a GOAWAY names.
    if isClient, ErrorCode(received: code) == .refusedStream { stream.isRefused = true }
    events.append(.closed(stream))
  }

  func resetSent(_ id: Int32) {
    if ownResets.remove(id) == nil, let reason = ledger.streamErred(now) { end(by: reason) }
  }

  /// The peer takes no more requests.
  func goAwayCame() {
    guard !isGoingAway else { return }
    isGoingAway = true
    events.append(.goAwayCame)
  }

  func headSent(_ id: Int32) { streams[id]?.isHeadSent = true }

  func asked(_ stream: ClientStream, as id: Int32) {
    stream.opened(as: id)
    streams[id] = stream
    ledger.streamOpened()
  }

  func goAwaySent(_ code: UInt32) { events.append(.goAway(ErrorCode(received: code))) }

  func moved(_ stream: SessionStream) {
    ledger.sentData()
    guard !stream.movesOutput else { return }
    stream.movesOutput = true
    events.append(.moved(stream))
  }
}
