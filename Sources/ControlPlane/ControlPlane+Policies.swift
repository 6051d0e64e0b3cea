import DataPath
import Logging
import Primitives
import Resilience

/// What breakers and detectors decide, in the log.
extension ControlPlane {
  func note(_ event: PolicyEvent) {
    switch event {
    case .breaker(let scope, let upstream, let subject, let change):
      log.notice(
        "a circuit breaker has changed",
        metadata: [
          "scope": "\(scope.rawValue)", "upstream": "\(upstream)", "subject": "\(subject)",
          "from": "\(change.from.rawValue)", "to": "\(change.to.rawValue)",
          "reason": "\(change.reason.rawValue)",
          "open_for": "\(change.openFor.map { "\($0)" } ?? "-")",
        ])
    case .ejected(let upstream, let endpoint, let reason, let nanoseconds):
      log.warning(
        "an endpoint is ejected",
        metadata: [
          "upstream": "\(upstream)", "endpoint": "\(endpoint)", "reason": "\(reason)",
          "for_seconds": "\(nanoseconds / 1_000_000_000)",
        ])
    case .returned(let upstream, let endpoint):
      log.notice(
        "an ejected endpoint is back",
        metadata: ["upstream": "\(upstream)", "endpoint": "\(endpoint)"])
    }
  }
}
