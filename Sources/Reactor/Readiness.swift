/// What epoll says of a descriptor, in Weir's words.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Bytes, a connection or an end can be received.
  package static let readable = Readiness(rawValue: 1)
  /// There is room to send, or a connection attempt has ended.
  package static let writable = Readiness(rawValue: 2)
  /// The peer has ended its sending direction (EPOLLRDHUP).
  package static let peerEnded = Readiness(rawValue: 4)
  /// A receive would tell something.
  package static let receivable = Readiness(rawValue: 1 | 4 | 8)
  /// The connection is broken in both directions (EPOLLERR, EPOLLHUP).
  package static let broken = Readiness(rawValue: 8)
}
