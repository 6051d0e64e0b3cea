import Primitives
import ProxyConfiguration
import Resilience

/// What a breaker counts, for people and for programs.
enum BreakerFigures {
  /// `closed: 40 calls, 2 failed (5%), 0 slow; failures in a row: 0`, and
  /// `recovering, 11% admitted: …`.
  static func text(_ figures: CircuitBreaker.Figures, _ now: Instant) -> String {
    var text = figures.state.rawValue
    if figures.underlying != figures.state { text += " (by itself \(figures.underlying.rawValue))" }
    if let until = figures.openUntil, figures.underlying == .open {
      let left = until.nanoseconds(since: now)
      text += " for \(SpokenTime.text(max(left, 0)))"
    }
    if figures.underlying == .halfOpen { text += ", \(figures.probesInFlight) probes out" }
    if let admitted = admitted(figures) { text += ", \(admitted)" }
    text += ": \(figures.calls) calls, \(figures.failures) failed"
    if figures.failures > 0 {
      text += " (\(Scalars.text(basisPoints: Int(figures.failureRate.basisPoints))))"
    }
    text += ", \(figures.slow) slow; failures in a row: \(figures.consecutiveFailures)"
    if let opening = figures.opening {
      let ago = SpokenTime.text(now.nanoseconds(since: opening.at))
      text += "; opened \(ago) ago on \(opening)"
    }
    return text
  }

  /// `11% admitted`; nil: it does not recover.
  static func admitted(_ figures: CircuitBreaker.Figures) -> String? {
    guard figures.state == .recovering else { return nil }
    let percent = max(Int(figures.admittedShare.basisPoints) / 100, 1)
    return "\(percent)% admitted"
  }

  static func json(_ figures: CircuitBreaker.Figures, _ now: Instant) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("state", .text(figures.state.rawValue)), ("underlying", .text(figures.underlying.rawValue)),
      ("calls", .number(figures.calls)), ("failures", .number(figures.failures)),
      ("slow", .number(figures.slow)), ("failure_rate", share(figures.failureRate)),
      ("slow_call_rate", share(figures.slowCallRate)),
      ("consecutive_failures", .number(figures.consecutiveFailures)),
      ("probes_in_flight", .number(figures.probesInFlight)),
      ("openings", .number(figures.openings)), ("admitted_share", share(figures.admittedShare)),
    ]
    if let until = figures.openUntil, figures.underlying == .open {
      members.append(
        ("open_for_ms", .number(Int(max(until.nanoseconds(since: now), 0) / 1_000_000))))
    }
    if let opening = figures.opening {
      members.append(("opened", json(opening, at: WallClock.unix(of: opening.at, now: now))))
    }
    return .object(members)
  }

  /// On what a breaker opened; `unixNanoseconds`: when.
  static func json(_ opening: CircuitBreaker.Opening, at unixNanoseconds: Int64) -> JSONValue {
    .object([
      ("at", .text(ExplainJSON.time(unixNanoseconds))), ("reason", .text(opening.reason.rawValue)),
      ("evidence", .text("\(opening)")), ("calls", .number(opening.calls)),
      ("failures", .number(opening.failures)), ("slow", .number(opening.slow)),
      ("consecutive_failures", .number(opening.consecutiveFailures)),
    ])
  }

  private static func share(_ share: Share) -> JSONValue {
    .text(Scalars.text(basisPoints: Int(share.basisPoints)))
  }
}
