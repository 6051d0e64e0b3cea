import Primitives

extension CircuitBreaker {
  /// A breaker at one moment: for a metric, a page or a log line.
  public struct Figures: Sendable, Equatable {
    /// What the breaker is doing.
    public internal(set) var state: State
    /// What a shadow breaker would be doing; else `state`.
    public internal(set) var underlying: State
    /// Calls of the window; while open, of the one that opened it; while half-open, of the probes that
    /// are counted.
    public internal(set) var calls: Int
    /// How many of them failed.
    public internal(set) var failures: Int
    /// How many of them were slow.
    public internal(set) var slow: Int
    /// Failures of all calls.
    public internal(set) var failureRate: Share
    /// Slow calls of all calls.
    public internal(set) var slowCallRate: Share
    /// Failures in a row up to now.
    public internal(set) var consecutiveFailures: Int
    package var openUntil: Instant?
    /// Probes that are under way.
    public internal(set) var probesInFlight: Int
    /// How often the open time was doubled since the breaker last recovered, plus one; 0: it has.
    public internal(set) var openings: Int
    /// On what it opened last; nil: it is closed and has recovered.
    public internal(set) var opening: Opening?
    /// The share of calls that are admitted: all, but for a breaker that recovers or refuses.
    public internal(set) var admittedShare: Share
    /// How long it will refuse yet; nil: it is not open.
    public internal(set) var openFor: Duration?
  }

  /// What the breaker counts and does now; the answer can be old by the time it is used. Takes the lock.
  public var figures: Figures {
    let now = clock()
    if let transition = advance(to: now) { onTransition?(transition) }
    return figures(now: now)
  }
}
