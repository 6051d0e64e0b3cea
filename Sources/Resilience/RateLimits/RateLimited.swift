/// A call was not made because its rate is used up.
public struct RateLimited: Error, Sendable, Hashable {
  /// What the limiter is called; empty: it has no name.
  public let name: String
  /// After this long one call would be let through.
  public let retryAfter: Duration

  /// For services that refuse calls on their own and for tests.
  public init(name: String = "", retryAfter: Duration) {
    self.name = name
    self.retryAfter = retryAfter
  }
}

extension RateLimited: CustomStringConvertible {
  /// `the rate limit tenants is used up; try again in 0.2 s`.
  public var description: String {
    "the rate limit \(name.isEmpty ? "" : name + " ")is used up\(Refusal.again(retryAfter))"
  }
}
