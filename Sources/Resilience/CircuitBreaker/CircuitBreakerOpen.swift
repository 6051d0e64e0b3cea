/// A circuit breaker refused the call, which was not made.
public struct CircuitBreakerOpen: Error, Sendable, Hashable {
  /// After this the breaker probes, or a call may expect to be let in; zero: not known.
  public let retryAfter: Duration

  /// For services that refuse calls on their own and for tests.
  public init(retryAfter: Duration) {
    self.retryAfter = retryAfter
  }
}
