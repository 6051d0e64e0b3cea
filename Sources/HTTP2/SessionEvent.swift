/// What the bytes of a connection meant, in the order in which it came.
package enum SessionEvent {
  /// All of a request's head is here; `headFault` says whether it can be understood.
  case request(ServerStream)
  /// More of its body has come, its end, or what is wrong with it; of an answer its head too.
  case body(SessionStream)
  /// The stream is gone: `resetCode` says whether the peer reset it.
  case closed(SessionStream)
  /// Some of its answer has left for the peer's window.
  case moved(SessionStream)
  /// We told the peer that the connection ends.
  case goAway(ErrorCode)
  /// The peer takes no more requests.
  case goAwayCame

  /// Whose it is; nil: it is about the connection.
  var stream: SessionStream? {
    switch self {
    case .request(let stream): stream
    case .body(let stream), .closed(let stream), .moved(let stream): stream
    case .goAway, .goAwayCame: nil
    }
  }
}
