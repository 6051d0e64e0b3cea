/// A call was not made because its rate is used up.
public struct RateLimited: Error, Sendable, Hashable {
  /// After this long one call would be let through.
  public let retryAfter: Duration

  public init(retryAfter: Duration) {
    self.retryAfter = retryAfter
  }
}
