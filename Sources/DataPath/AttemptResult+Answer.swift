import Primitives
import Resilience

/// What an outlier detector makes of an attempt.
extension AttemptResult {
  /// Of an answer.
  init(status: UInt16) {
    switch status {
    case 502, 503, 504: self = .gatewayFailure
    case 500...599: self = .status5xx
    default: self = .success
    }
  }

  /// Of an attempt without one.
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
