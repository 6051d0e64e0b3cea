/// A gRPC status by its code (gRPC's `doc/statuscodes.md`).
package enum GRPCStatus: UInt8, CaseIterable, Sendable {
  case ok
  case cancelled
  case unknown
  case invalidArgument
  case deadlineExceeded
  case notFound
  case alreadyExists
  case permissionDenied
  case resourceExhausted
  case failedPrecondition
  case aborted
  case outOfRange
  case unimplemented
  case `internal`
  case unavailable
  case dataLoss
  case unauthenticated

  /// As gRPC writes it, and metrics and logs do.
  package var name: StaticString {
    switch self {
    case .ok: "OK"
    case .cancelled: "CANCELLED"
    case .unknown: "UNKNOWN"
    case .invalidArgument: "INVALID_ARGUMENT"
    case .deadlineExceeded: "DEADLINE_EXCEEDED"
    case .notFound: "NOT_FOUND"
    case .alreadyExists: "ALREADY_EXISTS"
    case .permissionDenied: "PERMISSION_DENIED"
    case .resourceExhausted: "RESOURCE_EXHAUSTED"
    case .failedPrecondition: "FAILED_PRECONDITION"
    case .aborted: "ABORTED"
    case .outOfRange: "OUT_OF_RANGE"
    case .unimplemented: "UNIMPLEMENTED"
    case .internal: "INTERNAL"
    case .unavailable: "UNAVAILABLE"
    case .dataLoss: "DATA_LOSS"
    case .unauthenticated: "UNAUTHENTICATED"
    }
  }

  /// As a configuration writes it.
  package var key: String { "\(name)".lowercased() }

  package init?(key: String) {
    guard let status = Self.allCases.first(where: { $0.key == key }) else { return nil }
    self = status
  }

  /// What an answer without a `grpc-status` means (gRPC's `doc/http-grpc-status-mapping.md`).
  package init(httpStatus: UInt16) {
    self =
      switch httpStatus {
      case 400: .internal
      case 401: .unauthenticated
      case 403: .permissionDenied
      case 404: .unimplemented
      case 429, 502, 503, 504: .unavailable
      default: .unknown
      }
  }

  /// It tells of the service and not of what it was asked: what a breaker counts by default.
  package var isServiceFault: Bool {
    switch self {
    case .unknown, .deadlineExceeded, .internal, .unavailable, .dataLoss: true
    default: false
    }
  }
}
