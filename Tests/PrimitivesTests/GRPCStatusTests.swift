import Primitives
import Testing

struct GRPCStatusTests {
  /// gRPC's `doc/statuscodes.md`, in the order of the codes.
  @Test func namesAndKeysAreThoseOfTheList() {
    let names = [
      "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
      "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
      "UNAUTHENTICATED",
    ]
    #expect(GRPCStatus.allCases.map { "\($0.name)" } == names)
    #expect(GRPCStatus.allCases.map(\.rawValue) == Array(0...16))
    for status in GRPCStatus.allCases { #expect(GRPCStatus(key: status.key) == status) }
    #expect(GRPCStatus.deadlineExceeded.key == "deadline_exceeded")
    #expect(GRPCStatus(key: "DEADLINE_EXCEEDED") == nil && GRPCStatus(key: "") == nil)
  }

  /// gRPC's `doc/http-grpc-status-mapping.md`, for every status there is.
  @Test func answersOfHTTPMeanWhatClientsTakeThemFor() {
    let table: [UInt16: GRPCStatus] = [
      400: .internal, 401: .unauthenticated, 403: .permissionDenied, 404: .unimplemented,
      429: .unavailable, 502: .unavailable, 503: .unavailable, 504: .unavailable,
    ]
    for status in UInt16(100)...599 {
      #expect(GRPCStatus(httpStatus: status) == table[status] ?? .unknown)
    }
  }

  /// No failure is a success, and what a client retries by itself is nothing an endpoint may have done
  /// in time.
  @Test func failuresHaveAStatus() {
    for kind in FailureKind.allCases {
      let status = kind.grpcStatus(status: kind.row.status)
      #expect(status != .ok && status != .unknown, "\(kind.name)")
      if kind.row.status == 504, kind != .connectTimeout {
        #expect(status == .deadlineExceeded, "\(kind.name)")
      }
    }
    #expect(FailureKind.faultInjected.grpcStatus(status: 401) == .unauthenticated)
    #expect(FailureKind.rateLimited.grpcStatus(status: 429) == .resourceExhausted)
  }
}
