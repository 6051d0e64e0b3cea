/// A call was not made because its rate is used up.
public struct RateLimited: Error, Sendable, Hashable {
  /// After this long one call would be let through.
  public let retryAfter: Duration

  /// For services that refuse calls on their own and for tests.
  public init(retryAfter: Duration) {
    self.retryAfter = retryAfter
  }
}
