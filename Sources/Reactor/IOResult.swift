/// What a receive or a send did.
public enum IOResult: Equatable, Sendable {
  /// This many bytes moved; at least 1.
  case bytes(Int)
  /// Nothing can move now; an edge will tell when it can.
  case wouldBlock
  /// The peer has ended its direction (receive only).
  case endOfStream
  /// The connection is broken.
  case failed(Errno)
}
