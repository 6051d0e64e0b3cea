import HTTPModel

/// How the end of a message's body is found (RFC 9112 §6.3).
package enum BodyFraming: Equatable, Sendable {
  /// No body at all, whatever the fields say (HEAD, 1xx, 204, 304, or a request without framing).
  case none
  /// Exactly this many bytes.
  case length(UInt64)
  case chunked
  /// A response that ends when the connection does.
  case untilClose

  /// The same as other protocols say it.
  var length: PayloadLength {
    switch self {
    case .none: .none
    case .length(let bytes): .known(bytes)
    case .chunked, .untilClose: .unknown
    }
  }
}
