import DataPath
import Primitives
import Resilience

/// How an endpoint stands: one word, what for, and until when.
extension UpstreamReport.Endpoint {
  /// `available`, `unhealthy`, `ejected`, `unreachable`, or the state of its breaker where that is
  /// not closed.
  package var standing: String {
    switch condition {
    case .unhealthy, .ejected, .unreachable: return condition.rawValue
    case .circuitOpen: return breaker?.state.rawValue ?? condition.rawValue
    case .available:
      let state = breaker?.state ?? .closed
      return state == .closed ? condition.rawValue : state.rawValue
    }
  }

  /// Why it stands so; nil: it is available.
  package var reason: String? {
    switch condition {
    case .unhealthy: healthCause
    case .ejected: ejection?.cause.rawValue
    case .unreachable: counts.tally.lastError?.fault.text
    case .circuitOpen, .available: breaker?.opening.map(\.description)
    }
  }

  /// Nanoseconds until that may change by itself; nil: no time is set. 0: with the next request.
  package func left(_ now: Instant) -> Int64? {
    switch condition {
    case .unhealthy, .available, .unreachable: return nil
    case .ejected: return ejection?.forNanoseconds
    case .circuitOpen:
      guard let breaker, breaker.state == .open, let until = breaker.openUntil else { return nil }
      return max(until.nanoseconds(since: now), 0)
    }
  }
}
