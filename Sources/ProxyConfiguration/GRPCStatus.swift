/// A gRPC status by its name in a configuration; the order is that of the codes, from 0 (gRPC's
/// `doc/statuscodes.md`).
package enum GRPCStatus: String, CaseIterable, Sendable {
  case ok
  case cancelled
  case unknown
  case invalidArgument = "invalid_argument"
  case deadlineExceeded = "deadline_exceeded"
  case notFound = "not_found"
  case alreadyExists = "already_exists"
  case permissionDenied = "permission_denied"
  case resourceExhausted = "resource_exhausted"
  case failedPrecondition = "failed_precondition"
  case aborted
  case outOfRange = "out_of_range"
  case unimplemented
  case `internal`
  case unavailable
  case dataLoss = "data_loss"
  case unauthenticated

  /// 0...16.
  package var code: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
