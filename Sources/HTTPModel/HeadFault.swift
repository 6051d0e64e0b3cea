import Primitives

/// Why a message head was rejected. The name is the `reason` of the parser-rejection counters.
package enum HeadFault: UInt8, Error, CaseIterable, Sendable {
  case headTooLarge
  case tooManyFields
  case tooManyConnectionOptions
  case targetTooLong
  case lineNotCRLF
  case badStartLine
  case badMethod
  case badTarget
  case badVersion
  case versionUnsupported
  case http2Preface
  case http2Frame
  case tlsClientHello
  case tlsRecord
  case proxyProtocol
  case sshBanner
  case badStatus
  case badFieldName
  case spaceBeforeColon
  case foldedField
  case badFieldValue
  case missingHost
  case repeatedHost
  case badHost
  case badContentLength
  case repeatedContentLength
  case lengthAndChunked
  case badTransferEncoding
  case transferEncodingOnHTTP10
  case badExpectation
  // What only HTTP/2 can say (RFC 9113 §8.2, §8.3).
  case misplacedPseudoField
  case repeatedPseudoField
  case unknownPseudoField
  case missingPseudoField
  case connectionSpecificField
  case badScheme
  case hostDiffers
  case lengthDiffers

  package var name: StaticString {
    switch self {
    case .headTooLarge: "head_too_large"
    case .tooManyFields: "too_many_fields"
    case .tooManyConnectionOptions: "too_many_connection_options"
    case .targetTooLong: "target_too_long"
    case .lineNotCRLF: "line_not_crlf"
    case .badStartLine: "bad_start_line"
    case .badMethod: "bad_method"
    case .badTarget: "bad_target"
    case .badVersion: "bad_version"
    case .versionUnsupported: "version_unsupported"
    case .http2Preface: "http2_preface"
    case .http2Frame: "http2_frame"
    case .tlsClientHello: "tls_client_hello"
    case .tlsRecord: "tls_record"
    case .proxyProtocol: "proxy_protocol"
    case .sshBanner: "ssh_banner"
    case .badStatus: "bad_status"
    case .badFieldName: "bad_field_name"
    case .spaceBeforeColon: "space_before_colon"
    case .foldedField: "folded_field"
    case .badFieldValue: "bad_field_value"
    case .missingHost: "missing_host"
    case .repeatedHost: "repeated_host"
    case .badHost: "bad_host"
    case .badContentLength: "bad_content_length"
    case .repeatedContentLength: "repeated_content_length"
    case .lengthAndChunked: "length_and_chunked"
    case .badTransferEncoding: "bad_transfer_encoding"
    case .transferEncodingOnHTTP10: "transfer_encoding_on_http10"
    case .badExpectation: "bad_expectation"
    case .misplacedPseudoField: "misplaced_pseudo_field"
    case .repeatedPseudoField: "repeated_pseudo_field"
    case .unknownPseudoField: "unknown_pseudo_field"
    case .missingPseudoField: "missing_pseudo_field"
    case .connectionSpecificField: "connection_specific_field"
    case .badScheme: "bad_scheme"
    case .hostDiffers: "host_differs"
    case .lengthDiffers: "length_differs"
    }
  }

  /// The same where the line is the first of a head: that has no fields.
  package var inStartLine: HeadFault {
    self == .badFieldValue || self == .badFieldName ? .badStartLine : self
  }

  /// What a request with this fault fails as.
  package var requestFailure: FailureKind {
    switch self {
    case .headTooLarge, .tooManyFields, .tooManyConnectionOptions: .requestHeadTooLarge
    case .targetTooLong: .requestTargetTooLong
    case .versionUnsupported: .versionUnsupported
    case .badExpectation: .expectationUnsupported
    default: .malformedRequest
    }
  }

  /// What a response with this fault fails as.
  package var responseFailure: FailureKind {
    switch self {
    case .headTooLarge, .tooManyFields, .tooManyConnectionOptions: .responseHeadTooLarge
    default: .malformedResponse
    }
  }
}
