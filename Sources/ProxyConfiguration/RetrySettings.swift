/// When a route's requests are tried again, how often and after which wait.
///
/// Units: durations; `bodyBytesMax` is what is kept of a body, larger ones are sent once. What may
/// be tried again without harm is not decided here but by the data path (design rule 6); the two
/// flags are the route's consent.
package struct RetrySettings: Sendable, Equatable {
  /// What an attempt must have ended with.
  package enum Condition: Sendable, Hashable {
    case named(Name)
    /// 400...599.
    case status(Int)

    /// As Envoy names them; the last five are gRPC statuses.
    package enum Name: String, CaseIterable, Sendable {
      case connectFailure = "connect-failure"
      case refusedStream = "refused-stream"
      case reset
      case resetBeforeRequest = "reset-before-request"
      case serverError = "5xx"
      case gatewayError = "gateway-error"
      case retriable4xx = "retriable-4xx"
      case perTryTimeout = "per-try-timeout"
      case cancelled
      case deadlineExceeded = "deadline-exceeded"
      case `internal`
      case resourceExhausted = "resource-exhausted"
      case unavailable
    }

    /// As a configuration has it.
    package var text: String {
      switch self {
      case .named(let name): name.rawValue
      case .status(let status): "\(status)"
      }
    }
  }

  /// Tries in total, 1...10.
  package var attempts: Int
  package var conditions: [Condition]
  /// Nil: the route's timeout alone.
  package var perTryTimeout: Duration?
  package var backoffBase: Duration
  package var backoffMax: Duration
  package var retriesNonIdempotent: Bool
  package var honoursIdempotencyKey: Bool
  package var bodyBytesMax: Int
  package var retryAfterMax: Duration
}
