import Primitives
import Resilience

/// How an exchange or an attempt ended: well, or under the name that the proxy gives the failure.
///
/// What a service answers by itself is named by its status, as in access logs. Cost: one byte.
struct Reason: Equatable, Sendable {
  /// An index into counters, below `count`.
  let code: UInt8

  private static let answers: [(name: String, status: UInt16)] = [
    ("none", 200), ("status_500", 500), ("status_502", 502), ("status_503", 503),
  ]

  static let ok = Reason(code: 0)
  /// The service failed.
  static let status500 = Reason(code: 1)
  /// What the service calls failed.
  static let status502 = Reason(code: 2)
  /// The replica's queue was full.
  static let status503 = Reason(code: 3)

  static let count = answers.count + FailureKind.allCases.count
  static let all = (0..<count).map { Reason(code: UInt8($0)) }

  @inline(__always)
  static func failure(_ kind: FailureKind) -> Reason {
    Reason(code: kind.rawValue + UInt8(4))
  }

  private init(code: UInt8) {
    self.code = code
  }

  @inline(__always) var isOK: Bool { code == 0 }

  /// What machines are told of an attempt that ended so.
  @inline(__always) var outcome: Outcome {
    if isOK { return .success }
    // Nobody was waiting any more, or it ended here.
    return failure?.row.side == .local && failure != .requestTimeout || failure == .downstreamClosed
      ? .ignored : .failure
  }

  /// What the retry policy is told.
  func evidence(isIdempotent: Bool) -> RetryEvidence {
    let ending: RetryEvidence.Ending =
      switch failure {
      case .perTryTimeout?: .perTryTimeout
      case let failure?: .failure(failure)
      case nil: .answer(status: status, grpcStatus: nil)
      }
    return RetryEvidence(
      ending: ending, isIdempotent: isIdempotent,
      bytesWritten: failure?.row.stage == .connect ? 0 : 1)
  }

  /// Nil: an answer of the service.
  var failure: FailureKind? { code < 4 ? nil : FailureKind(rawValue: code - 4) }

  var name: String { failure?.name ?? Self.answers[Int(code)].name }
  var status: UInt16 { failure?.row.status ?? Self.answers[Int(code)].status }
}
