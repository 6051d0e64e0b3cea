import Primitives

extension CircuitBreaker {
  /// A change of state, reported once, to the caller that brought it about.
  public struct Transition: Sendable, Equatable {
    public let from: State
    public let to: State
    public let reason: Reason
    /// On the clock of the breaker's caller.
    public let at: Instant
    /// How long the breaker will refuse, jitter included; nil: it did not open.
    public let openFor: Duration?
    /// A breaker in shadow mode would have made this change.
    public let isShadow: Bool
  }
}
