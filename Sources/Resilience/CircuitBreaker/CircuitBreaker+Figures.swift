import Primitives

extension CircuitBreaker {
  /// A breaker at one moment, for `/upstreams` and `/explain`.
  package struct Figures: Sendable, Equatable {
    package var state: State
    /// What a shadow breaker would be doing; else `state`.
    package var underlying: State
    /// Calls, failures and slow calls of the window; while open, of the one that opened it; while
    /// half-open, of the probes that are counted.
    package var calls: Int
    package var failures: Int
    package var slow: Int
    package var failureRate: Share
    package var slowCallRate: Share
    /// Failures in a row up to now.
    package var consecutiveFailures: Int
    package var openUntil: Instant?
    package var probesInFlight: Int
    /// How often the open time was doubled since the breaker last recovered, plus one; 0: it has.
    package var openings: Int
    /// On what it opened last; nil: it is closed and has recovered.
    package var opening: Opening?
    /// All, but for a breaker that recovers or refuses.
    package var admittedShare: Share
  }
}
