import DataPath
import HTTPServer
import Primitives
import ProxyConfiguration
import Reactor
import Resilience
import Telemetry
import Upstreams

/// `/circuit-breakers`: all of them, and their modes until the end of the process or until a reload
/// changes the `mode` that is configured.
extension ControlPlane {
  func breakers(_ request: ServerRequest) -> ServerResponse {
    advanceBreakers()
    let now = kernel.now()
    let all = builder.breakers(configuration)
    guard request.wantsText else {
      return .json(
        .list(
          all.map { known in
            .object([
              ("scope", .text(known.scope.rawValue)),
              ("upstreams", .list(known.upstreams.map { .text($0) })),
              ("subject", .text(known.subject)),
              ("breaker", BreakerFigures.json(known.breaker.figures(now: now), now)),
            ])
          }))
    }
    if all.isEmpty { return .text("no upstream, endpoint or route has a circuit breaker\n") }
    let lines = all.map { known in
      "\(known.scope.rawValue) \(known.subject)"
        + (known.scope == .upstream ? "" : " (\(known.upstreams.joined(separator: ", ")))")
        + ": \(BreakerFigures.text(known.breaker.figures(now: now), now))\n"
    }
    return .text(lines.joined())
  }

  /// `PUT /circuit-breakers/<upstream>?scope=…&subject=…`.
  func setBreakers(_ request: ServerRequest, _ upstream: String) -> ServerResponse {
    let word = request.body.filter { !$0.isWhitespace }
    guard let command = BreakerCommand(rawValue: word) else {
      let names = BreakerCommand.allCases.map(\.rawValue).joined(separator: ", ")
      return .text("weir: the body must be one of \(names)\n", status: 400)
    }
    let scopeName = request.parameter("scope") ?? BreakerScope.upstream.rawValue
    guard let scope = BreakerScope(rawValue: scopeName) else {
      let names = BreakerScope.allCases.map(\.rawValue).joined(separator: ", ")
      return .text("weir: scope must be one of \(names)\n", status: 400)
    }
    let all = builder.breakers(configuration)
    let subject = request.parameter("subject")
    let meant = all.filter { known in
      known.scope == scope && known.upstreams.contains(upstream)
        && subject.map { known.isCalled($0) } ?? true
    }
    guard !meant.isEmpty else {
      return .text(missing(upstream, scope, subject, all), status: 404)
    }
    return .text(meant.map { set($0, command, upstream) }.joined())
  }

  func set(_ known: KnownBreaker, _ command: BreakerCommand, _ upstream: String) -> String {
    let name = "\(known.scope.rawValue) \(known.subject)"
    let change = known.breaker.set(command.mode(known.configured), now: kernel.now())
    guard let change else { return "\(name): \(known.breaker.state.rawValue) as before\n" }
    told(change, known, upstream)
    return "\(name): \(change.from.rawValue) → \(change.to.rawValue)\n"
  }

  /// Moves on the breakers that only wait for time, so that the alert of a service that nobody calls
  /// clears. Once a second, and before `/circuit-breakers` shows them.
  func advanceBreakers() {
    let now = kernel.now()
    for known in builder.breakers(configuration) {
      if let change = known.breaker.advance(to: now) {
        told(change, known, known.upstreams.first ?? "none")
      }
    }
  }

  private func told(
    _ change: CircuitBreaker.Transition, _ known: KnownBreaker, _ upstream: String
  ) {
    known.availability?.changed()
    countTransition(known.scope, upstream, change)
    note(.breaker(known.scope, upstream: upstream, subject: known.subject, change))
  }

  private func missing(
    _ upstream: String, _ scope: BreakerScope, _ subject: String?, _ all: [KnownBreaker]
  ) -> String {
    let names = configuration.upstreams.map(\.name)
    guard names.contains(upstream) else {
      return "weir: there is no upstream \(upstream); there are \(names.joined(separator: ", "))\n"
    }
    let there = all.filter { $0.upstreams.contains(upstream) }
    let what = "circuit breaker of scope \(scope.rawValue)"
    let of = subject.map { " and subject \($0)" } ?? ""
    let known = there.map { "\($0.scope.rawValue) \($0.subject)" }.joined(separator: ", ")
    if known.isEmpty {
      return "weir: \(upstream) has no circuit breaker; give it one, "
        + "circuit_breaker: { mode: disabled } where it is for this only\n"
    }
    return "weir: \(upstream) has no \(what)\(of); it has \(known)\n"
  }
}

extension SnapshotBuilder {
  /// All that there are, upstreams first, in the order of the configuration.
  func breakers(_ configuration: Configuration) -> [KnownBreaker] {
    var all: [KnownBreaker] = []
    for upstream in configuration.upstreams {
      guard let state = state(of: upstream.name) else { continue }
      if let breaker = state.breaker, let settings = upstream.circuitBreaker {
        all.append(
          KnownBreaker(
            scope: .upstream, upstreams: [upstream.name], subject: upstream.name, breaker: breaker,
            configured: settings.policy.mode))
      }
      guard let settings = upstream.endpointCircuitBreaker else { continue }
      for endpoint in state.endpoints {
        guard let breaker = endpoint.breaker else { continue }
        all.append(
          KnownBreaker(
            scope: .endpoint, upstreams: [upstream.name], subject: endpoint.identity,
            breaker: breaker, configured: settings.policy.mode,
            availability: state.availability))
      }
    }
    for listener in configuration.listeners {
      for (route, identity) in zip(listener.routes, RouteIdentity.all(of: listener)) {
        guard let settings = route.circuitBreaker,
          let breaker = routeMachines.breaker(of: identity)
        else { continue }
        all.append(
          KnownBreaker(
            scope: .route, upstreams: route.upstreams, subject: "\(listener.name)/\(route.name)",
            breaker: breaker, configured: settings.policy.mode))
      }
    }
    return all
  }
}
