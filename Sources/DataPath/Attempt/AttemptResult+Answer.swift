import Primitives
import Resilience

/// What an outlier detector makes of an attempt.
extension AttemptResult {
  /// What an answer with that status is to a detector; `grpcStatus`: that of a gRPC call, which says more.
  init(status: UInt16, grpcStatus: UInt8?) {
    guard let told = grpcStatus.flatMap({ GRPCStatus(rawValue: $0) }) else {
      self.init(status: status)
      return
    }
    switch told {
    // Their nearest statuses of HTTP are 503 and 504.
    case .unavailable, .deadlineExceeded: self = .gatewayFailure
    default: self = told.isServiceFault ? .status5xx : .success
    }
  }

  /// What an answer with that status is to a detector.
  init(status: UInt16) {
    switch status {
    case 502, 503, 504: self = .gatewayFailure
    // What the service does not do for anybody says nothing of the endpoint (RFC 9110 §15.6.2, §15.6.6).
    case 501, 505: self = .success
    case 500...599: self = .status5xx
    default: self = .success
    }
  }

  /// What an attempt without an answer is to a detector.
  init(_ failure: FailureKind) {
    if failure == .connectRefused {
      self = .connectRefused
    } else if failure.row.side == .upstream || failure == .requestTimeout
      || failure == .totalTimeout
    {
      self = .localOriginFailure
    } else {
      self = .ignored
    }
  }
}
