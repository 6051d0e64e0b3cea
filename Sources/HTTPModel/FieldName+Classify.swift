import Primitives

extension FieldName {
  /// The known name that `bytes` spells in any case; `disguised` where another mark stands for a
  /// `-`; `trustedOnly` where it is one of `TrustedNames`; `other` if none.
  ///
  /// Cost: a switch on length and first letter leaves at most one candidate to compare; only a name
  /// that fails there is looked at for a disguise and among `TrustedNames`. Inlined, since both
  /// decoders call it for every field.
  @inlinable @inline(__always)
  package static func classify(_ bytes: Span<UInt8>) -> FieldName {
    guard bytes.count >= 2 else { return .other }
    let candidate = candidate(bytes)
    if candidate != .other, ByteScan.equalIgnoringCase(bytes, candidate.text) { return candidate }
    return classifyUnknown(bytes, candidate)
  }

  /// The name is not `candidate`, the one known name that it could have been.
  @usableFromInline static func classifyUnknown(_ bytes: Span<UInt8>, _ candidate: FieldName)
    -> FieldName
  {
    if candidate != .other, ByteScan.equalFolded(bytes, candidate.text) { return .disguised }
    return TrustedNames.mayBegin(with: bytes[0] | 0x20) ? TrustedNames.classify(bytes) : .other
  }

  // Length, first and sixth letter tell the known names apart.
  @inlinable @inline(__always)
  static func candidate(_ bytes: Span<UInt8>) -> FieldName {
    switch (bytes.count, bytes[0] | 0x20) {
    case (2, 0x74): .te
    case (2, 0x62): .b3
    case (3, 0x76): .via
    case (4, 0x68): .host
    case (4, 0x64): .date
    case (6, 0x61): .accept
    case (6, 0x65): .expect
    case (6, 0x73): .server
    case (7, 0x74): .trailer
    case (7, 0x75): .upgrade
    case (9, 0x66): .forwarded
    case (10, 0x63): .connection
    case (10, 0x6B): .keepAlive
    case (10, 0x74): .tracestate
    case (10, 0x75): .userAgent
    case (10, 0x78): .xB3Flags
    case (11, 0x72): .retryAfter
    case (11, 0x74): .traceparent
    case (11, 0x78): .xB3SpanID
    case (12, 0x63): .contentType
    case (12, 0x67): .grpcTimeout
    case (12, 0x6D): .maxForwards
    case (12, 0x70): .proxyStatus
    case (13, 0x61): .authorization
    case (13, 0x70): .proxySupport
    case (12, 0x78):
      switch bytes[5] | 0x20 {
      case 0x74: .xB3TraceID
      case 0x73: .xB3Sampled
      default: .xRequestID
      }
    case (14, 0x63): .contentLength
    case (14, 0x68): .http2Settings
    case (14, 0x78): .xWeirRetried
    case (15, 0x69): .idempotencyKey
    case (15, 0x70): .persistentAuth
    case (15, 0x78): bytes[5] | 0x20 == 0x77 ? .xForwardedFor : .xWeirPriority
    case (16, 0x70): .proxyConnection
    case (16, 0x77): .wwwAuthenticate
    case (16, 0x78): .xForwardedHost
    case (17, 0x74): .transferEncoding
    case (17, 0x78): bytes[5] | 0x20 == 0x70 ? .xB3ParentSpanID : .xForwardedProto
    case (18, 0x70): .proxyAuthenticate
    case (18, 0x78): .xEnvoyOverloaded
    case (19, 0x70): .proxyAuthorization
    case (21, 0x78): .xEnvoyAttemptCount
    case (30, 0x78): .xEnvoyExpectedTimeout
    default: .other
    }
  }
}
