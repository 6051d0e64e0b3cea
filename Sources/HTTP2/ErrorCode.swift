/// The codes that end a stream or a connection (RFC 9113 §7).
package enum ErrorCode: UInt32, CaseIterable, Sendable {
  case noError = 0
  case protocolError = 1
  case internalError = 2
  case flowControlError = 3
  case settingsTimeout = 4
  case streamClosed = 5
  case frameSizeError = 6
  case refusedStream = 7
  case cancel = 8
  case compressionError = 9
  case connectError = 10
  case enhanceYourCalm = 11
  case inadequateSecurity = 12
  case http11Required = 13

  /// What a peer sent; a code that is not known is as `internalError` (RFC 9113 §7).
  package init(received code: UInt32) {
    self = ErrorCode(rawValue: code) ?? .internalError
  }

  /// The label of counters.
  package var name: StaticString {
    switch self {
    case .noError: "no_error"
    case .protocolError: "protocol_error"
    case .internalError: "internal_error"
    case .flowControlError: "flow_control_error"
    case .settingsTimeout: "settings_timeout"
    case .streamClosed: "stream_closed"
    case .frameSizeError: "frame_size_error"
    case .refusedStream: "refused_stream"
    case .cancel: "cancel"
    case .compressionError: "compression_error"
    case .connectError: "connect_error"
    case .enhanceYourCalm: "enhance_your_calm"
    case .inadequateSecurity: "inadequate_security"
    case .http11Required: "http_1_1_required"
    }
  }
}
