import Primitives

extension CircuitBreaker {
  /// Why a breaker opened last, when, and what it had counted then.
  ///
  /// Kept while the breaker is open, half-open and recovering, so that a call refused in any of these
  /// states can be told what it is refused for.
  public struct Opening: Sendable, Equatable {
    /// The rule that was met. `modeSet`: somebody forced the breaker open.
    public let reason: Reason
    /// On the clock of the breaker's caller.
    package let at: Instant
    /// Calls that were counted: those of the window, or the probes of a breaker that was half-open.
    public let calls: Int
    /// How many of them failed.
    public let failures: Int
    /// How many of them were slow.
    public let slow: Int
    /// Failures in a row up to then.
    public let consecutiveFailures: Int
  }
}

extension CircuitBreaker.Opening: CustomStringConvertible {
  /// `failure_rate: 12 of 20 calls failed (60%)`, `consecutive_failures: 5 failed in a row`.
  public var description: String {
    switch reason {
    case .failureRate: "\(reason.rawValue): \(part(failures)) calls failed\(percent(failures))"
    case .slowCallRate: "\(reason.rawValue): \(part(slow)) calls were slow\(percent(slow))"
    case .consecutiveFailures: "\(reason.rawValue): \(consecutiveFailures) failed in a row"
    case .probesFailed: "\(reason.rawValue): \(part(failures)) probes failed"
    case .probesSlow: "\(reason.rawValue): \(part(slow)) probes were slow"
    case .modeSet: "\(reason.rawValue): forced open by hand"
    case .openTimeEnded, .probesSucceeded, .recoveryEnded: reason.rawValue
    }
  }

  private func part(_ count: Int) -> String { "\(count) of \(calls)" }

  private func percent(_ count: Int) -> String { calls > 0 ? " (\(count * 100 / calls)%)" : "" }
}
