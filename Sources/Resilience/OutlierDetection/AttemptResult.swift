/// How an attempt at one endpoint went, as the outlier detector counts it.
package enum AttemptResult: UInt8, Sendable, Hashable, CaseIterable {
  /// Answered, and not with a 5xx.
  case success
  /// Answered with a 5xx that is none of the next.
  case status5xx
  /// Answered with 502, 503 or 504, which can speak of what stands behind the endpoint.
  case gatewayFailure
  /// No answer: a connect timeout, a reset, a timeout.
  case localOriginFailure
  /// Nobody listens at the address: the process is gone.
  case connectRefused
  /// Somebody else listens: the address was given to another service.
  case wrongIdentity
  /// Says nothing about the endpoint: the caller left, or it was refused on our side.
  case ignored
  /// Cut before it was answered, by its caller or for a hedge: it would have taken at least as long
  /// as it had.
  case unanswered
}
