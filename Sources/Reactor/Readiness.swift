/// What epoll says of a descriptor, in Weir's words.
///
/// Constants are computed and inlined: a connection of another target looks at them at each event.
@frozen public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt8

  @inlinable public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Bytes, a connection or an end can be received.
  @inlinable package static var readable: Readiness { Readiness(rawValue: 1) }
  /// There is room to send, or a connection attempt has ended.
  @inlinable package static var writable: Readiness { Readiness(rawValue: 2) }
  /// The peer has ended its sending direction (EPOLLRDHUP).
  @inlinable package static var peerEnded: Readiness { Readiness(rawValue: 4) }
  /// A receive would tell something.
  @inlinable package static var receivable: Readiness { Readiness(rawValue: 1 | 4 | 8) }
  /// The connection is broken in both directions (EPOLLERR, EPOLLHUP).
  @inlinable package static var broken: Readiness { Readiness(rawValue: 8) }

  /// Whether it has all of `other`: the inherited comparison is generic.
  @inlinable package func has(_ other: Readiness) -> Bool {
    rawValue & other.rawValue == other.rawValue
  }

  /// Whether it has any of `other`.
  @inlinable package func hasAny(of other: Readiness) -> Bool { rawValue & other.rawValue != 0 }
}
