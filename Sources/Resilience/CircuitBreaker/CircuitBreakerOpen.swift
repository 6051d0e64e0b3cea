/// A circuit breaker refused the call, which was not made.
public struct CircuitBreakerOpen: Error, Sendable, Hashable {
  /// What the breaker is called; empty: it has no name.
  public let name: String
  /// After this the breaker probes, or a call may expect to be let in; zero: not known.
  public let retryAfter: Duration
  /// On what the breaker opened; nil: somebody refuses without one.
  public let opening: CircuitBreaker.Opening?

  /// For services that refuse calls on their own and for tests.
  public init(name: String = "", retryAfter: Duration, opening: CircuitBreaker.Opening? = nil) {
    self.name = name
    self.retryAfter = retryAfter
    self.opening = opening
  }

  /// Two refusals are the same if they name the same breaker and time: on what it opened is for people.
  public static func == (left: Self, right: Self) -> Bool {
    left.name == right.name && left.retryAfter == right.retryAfter
  }

  /// As `==`.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(retryAfter)
  }
}

extension CircuitBreakerOpen: CustomStringConvertible {
  /// `the circuit breaker pharmacy refused the call; it opened on failure_rate: 12 of 20 calls failed
  /// (60%); try again in 4.2 s`.
  public var description: String {
    let whose = name.isEmpty ? "the circuit breaker" : "the circuit breaker \(name)"
    let why = opening.map { "; it opened on \($0)" } ?? ""
    return "\(whose) refused the call\(why)\(Refusal.again(retryAfter))"
  }
}
