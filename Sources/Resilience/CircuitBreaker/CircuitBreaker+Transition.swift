import Primitives

extension CircuitBreaker {
  /// A change of state, reported once, to the caller that brought it about.
  public struct Transition: Sendable, Equatable {
    /// The state before.
    public let from: State
    /// The state after.
    public let to: State
    /// What brought it about.
    public let reason: Reason
    /// On the clock of the breaker's caller.
    package let at: Instant
    /// How long the breaker will refuse, jitter included; nil: it did not open.
    public let openFor: Duration?
    /// On what it opened; nil: it did not open.
    public let opening: Opening?
    /// A breaker in shadow mode would have made this change.
    public let isShadow: Bool
  }
}
