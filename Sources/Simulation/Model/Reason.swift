import Primitives
import Resilience

/// How an exchange or an attempt ended: well, or under the name that the proxy gives the failure.
///
/// What a service answers by itself is named by its status, as in access logs. Cost: one byte.
struct Reason: Equatable, Sendable {
  /// An index into counters, below `count`.
  let code: UInt8

  private static let answers: [(name: String, status: UInt16)] = [
    ("none", 200), ("status_500", 500), ("status_502", 502), ("status_503", 503), ("fallback", 200),
  ]

  static let ok = Reason(code: 0)
  /// The service failed.
  static let status500 = Reason(code: 1)
  /// What the service calls failed.
  static let status502 = Reason(code: 2)
  /// The replica's queue was full.
  static let status503 = Reason(code: 3)

  /// Answered by a fallback, and well.
  static let fallback = Reason(code: 4)

  static let count = answers.count + FailureKind.allCases.count
  static let all = (0..<count).map { Reason(code: UInt8($0)) }

  @inline(__always)
  static func failure(_ kind: FailureKind) -> Reason {
    Reason(code: kind.rawValue + UInt8(5))
  }

  private init(code: UInt8) {
    self.code = code
  }

  @inline(__always) var isOK: Bool { code == 0 || code == 4 }

  /// What a breaker is told of what ended so.
  @inline(__always)
  func outcome(_ classifier: OutcomeClassifier) -> Outcome {
    if isOK { return self == .fallback ? .ignored : .success }
    return failure.map { classifier.outcome($0) } ?? classifier.outcome(status: status)
  }

  /// What the outlier detector is told of an attempt that ended so.
  var attemptResult: AttemptResult {
    switch failure {
    case nil: isOK ? .success : status == 500 ? .status5xx : .gatewayFailure
    case .connectRefused?: .connectRefused
    case .downstreamClosed?: .unanswered
    case let failure?:
      failure.row.side == .upstream || failure == .requestTimeout ? .localOriginFailure : .ignored
    }
  }

  /// Cut before its answer: by its caller, for another attempt, or by its own clock.
  @inline(__always) var isCut: Bool {
    self == .failure(.downstreamClosed) || self == .failure(.perTryTimeout)
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
  var failure: FailureKind? { code < 5 ? nil : FailureKind(rawValue: code - 5) }

  var name: String { failure?.name ?? Self.answers[Int(code)].name }
  var status: UInt16 { failure?.row.status ?? Self.answers[Int(code)].status }
}
