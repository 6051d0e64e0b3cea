/// What the bytes of a connection meant, in the order in which it came.
package enum SessionEvent {
  /// All of a request's head is here; `headFault` says whether it can be understood.
  case request(ServerStream)
  /// More of its body has come, its end, or what is wrong with it.
  case body(ServerStream)
  /// The stream is gone: `resetCode` says whether the peer reset it.
  case closed(ServerStream)
  /// Some of its answer has left for the peer's window.
  case moved(ServerStream)
  /// We told the peer that the connection ends.
  case goAway(ErrorCode)

  /// Whose it is; nil: it is about the connection.
  var stream: ServerStream? {
    switch self {
    case .request(let stream), .body(let stream), .closed(let stream), .moved(let stream): stream
    case .goAway: nil
    }
  }
}
