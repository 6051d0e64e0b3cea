import DataPath
import Discovery
import HTTPClient
import Logging
import Primitives
import ProxyConfiguration
import Reactor
import Resilience
import TLS
import Telemetry
import Upstreams

/// What breakers, detectors and health checks decide: told to workers, and in the log.
extension ControlPlane {
  /// Has the endpoints checked that are in force now.
  func watchHealth() {
    controlLoop?.checkHealth(
      of: configuration.upstreams.compactMap { upstream -> HealthCheckedUpstream? in
        guard let check = upstream.healthCheck else { return nil }
        let endpoints = answers[upstream.name]?.endpoints ?? []
        var checked = HealthCheckedUpstream(
          name: upstream.name, policy: check.policy, question: HealthQuestion(check),
          endpoints: endpoints.map(\.address))
        if upstream.tls != nil {
          let slot = identities.slot(.upstream(upstream.name))
          for endpoint in endpoints {
            checked.security[endpoint.address] = ClientSecurity(
              slot, host: upstream.endpoints[endpoint.entry].host,
              // A check is asked in HTTP/1.1.
              offersHTTP1Alone: upstream.applicationProtocol == .auto)
          }
        }
        return checked
      })
  }

  /// Ejections end, and what workers conclude from health and breakers becomes known, although no
  /// request may come. Once a second; a worker is asked only where something is due.
  func lookAtUpstreams() {
    let now = kernel.now()
    var isDue = false
    for upstream in configuration.upstreams {
      guard let availability = builder.state(of: upstream.name)?.availability else { continue }
      let number = availability.number
      if lookedAt.updateValue(number, forKey: upstream.name) != number
        || now >= availability.nextLook
      {
        isDue = true
      }
    }
    guard isDue, let worker = workers?.handles.first else { return }
    worker.post { worker in
      for upstream in worker.snapshot.upstreams { upstream.lookIfDue() }
    }
  }

  func note(_ change: HealthChange) {
    observer?(.health(change))
    guard let state = builder.state(of: change.upstream) else { return }
    let identity = "\(change.endpoint)"
    healthCauses[change.upstream, default: [:]][identity] =
      change.isHealthy ? nil : Self.cause(change)
    guard let endpoint = builder.endpoint(identity, of: change.upstream) else { return }
    if let detector = state.detector, let slot = endpoint.slot,
      case .returned? = detector.mark(slot, isHealthy: change.isHealthy, now: kernel.now()),
      endpoint.set(isEjected: false)
    {
      note(
        .returned(
          upstream: change.upstream, endpoint: identity,
          cause: OutlierDetector.ReturnCause.healthCheck.rawValue))
    }
    // A probe that succeeds has reached it.
    if change.isHealthy { endpoint.set(isReachable: true) }
    if endpoint.set(isHealthy: change.isHealthy) { state.availability.changed() }
  }

  /// What a build has changed: logged, and counted as every transition is.
  func noteBuilt() {
    for event in builder.takeEvents() {
      if case .breaker(let scope, let upstream, _, let change) = event {
        countTransition(scope, upstream, change)
      }
      note(event)
    }
  }

  func countTransition(
    _ scope: BreakerScope, _ upstream: String, _ change: CircuitBreaker.Transition
  ) {
    controlCounters.add(
      "weir_circuit_breaker_transitions_total", help: "Changes of a breaker's state.",
      ["upstream": upstream, "scope": scope.rawValue, "to": change.to.rawValue])
  }

  private static func cause(_ change: HealthChange) -> String? {
    if case .probe(let result) = change.cause { "\(result)" } else { nil }
  }

  /// A request has ended, and the level is `debug`. Any thread.
  static func note(_ note: RequestNote, _ log: Logger) {
    var metadata: Logger.Metadata = [
      "request_id": "\(note.requestID)", "method": "\(note.method)", "path": "\(note.target)",
      "client": "\(note.client)", "listener": "\(note.listener)", "status": "\(note.status)",
      "failure": "\(note.failure)", "attempts": "\(note.attempts)",
      "duration_us": "\(note.durationNanoseconds / 1000)",
    ]
    for (name, value) in [
      ("route", note.route), ("upstream", note.upstream), ("endpoint", note.endpoint),
    ] {
      if let value { metadata[name] = "\(value)" }
    }
    log.debug("a request has ended", metadata: metadata)
  }

  func note(_ event: PolicyEvent) {
    observer?(.policy(event))
    switch event {
    case .breaker(let scope, let upstream, let subject, let change):
      var metadata: Logger.Metadata = [
        "scope": "\(scope.rawValue)", "upstream": "\(upstream)", "subject": "\(subject)",
        "from": "\(change.from.rawValue)", "to": "\(change.to.rawValue)",
        "reason": "\(change.reason.rawValue)",
      ]
      if let openFor = change.openFor {
        metadata["open_for"] = "\(SpokenTime.text(openFor.nanosecondsClamped))"
      }
      if let opening = change.opening { metadata["evidence"] = "\(opening)" }
      log.notice("a circuit breaker has changed", metadata: metadata)
    case .panic(let upstream, let isOn):
      if isOn {
        log.warning(
          "so few endpoints are available that all are asked, ejected and unhealthy ones too (panic)",
          metadata: ["upstream": "\(upstream)"])
      } else {
        log.notice(
          "enough endpoints are available again (no panic any more)",
          metadata: ["upstream": "\(upstream)"])
      }
    case .breakerEdited(let scope, let upstream, let subject, let state, let openFor):
      var metadata: Logger.Metadata = [
        "scope": "\(scope.rawValue)", "upstream": "\(upstream)", "subject": "\(subject)",
        "state": "\(state.rawValue)",
      ]
      if let openFor {
        metadata["open_for"] = "\(SpokenTime.text(openFor.nanosecondsClamped))"
      }
      log.notice("a circuit breaker goes on by its new settings", metadata: metadata)
    case .breakerRemoved(let scope, let upstream, let subject, let state):
      log.notice(
        "a circuit breaker is gone with its settings",
        metadata: [
          "scope": "\(scope.rawValue)", "upstream": "\(upstream)", "subject": "\(subject)",
          "state": "\(state.rawValue)",
        ])
    case .ejected(let upstream, let endpoint, let reason, let nanoseconds, let isShadow):
      log.warning(
        isShadow ? "an endpoint would be ejected (shadow)" : "an endpoint is ejected",
        metadata: [
          "upstream": "\(upstream)", "endpoint": "\(endpoint)", "reason": "\(reason)",
          "for_seconds": "\(nanoseconds / 1_000_000_000)",
        ])
    case .handshakeFailed(let failure):
      log.warning(
        failure.side == .listener
          ? "a TLS handshake with a client failed" : "a TLS handshake with an endpoint failed",
        metadata: [
          failure.side.rawValue: "\(failure.name)", "peer": "\(failure.peer)",
          "reason": "\(failure.fault.reason.rawValue)", "detail": "\(failure.fault.detail)",
          "subject": "\(failure.fault.subject ?? "none")",
        ])
    case .proxyHeaderRefused(let listener, let peer, let reason):
      log.warning(
        "a connection was closed for its PROXY header",
        metadata: ["listener": "\(listener)", "peer": "\(peer)", "reason": "\(reason)"])
    case .returned(let upstream, let endpoint, let cause):
      log.notice(
        "an ejected endpoint is back",
        metadata: ["upstream": "\(upstream)", "endpoint": "\(endpoint)", "reason": "\(cause)"])
    }
  }
}
