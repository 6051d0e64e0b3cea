/// How many bytes of payload a message has, as its head says it, whatever protocol carries it.
@usableFromInline package enum PayloadLength: Equatable, Sendable {
  /// No body at all, whatever the fields say (HEAD, 1xx, 204, 304, or a request without one).
  case none
  /// Exactly this many bytes.
  case known(UInt64)
  /// The end of the message tells: a last chunk, the end of a stream or of a connection.
  case unknown
}
