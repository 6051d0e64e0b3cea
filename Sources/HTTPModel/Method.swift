/// A request method (RFC 9110 §9). Unregistered tokens are `other`; their text stays in the head.
@usableFromInline package enum Method: UInt8, CaseIterable, Sendable {
  case get, head, post, put, delete, connect, options, trace, patch, other

  // As for `FieldName`: the inherited one is generic.
  @inlinable @inline(__always) package static func == (left: Method, right: Method) -> Bool {
    left.rawValue == right.rawValue
  }

  @inlinable @inline(__always) package static func != (left: Method, right: Method) -> Bool {
    left.rawValue != right.rawValue
  }

  /// RFC 9110 §9.2.2: repeating the request has the effect of making it once.
  package var isIdempotent: Bool {
    switch self {
    case .get, .head, .put, .delete, .options, .trace: true
    case .post, .connect, .patch, .other: false
    }
  }

  package var name: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .connect: "CONNECT"
    case .options: "OPTIONS"
    case .trace: "TRACE"
    case .patch: "PATCH"
    case .other: "OTHER"
    }
  }
}
