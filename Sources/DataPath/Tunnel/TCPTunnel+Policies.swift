import HTTPClient
import Primitives
import Resilience
import Routing
import TLS
import Telemetry
import Transport
import Upstreams

/// Who may connect, and what the upstream's policies say: each asked once a connection.
extension TCPTunnel {
  /// What a rule says of requests is not known of a connection, and such a rule does not apply to it.
  func isAuthorized() -> Bool {
    guard let policy = listener.settings.authorization else { return true }
    let rule = policy.decidingRule(ofConnectionBy: client.securedPeer?.identity)
    if policy.allows(by: rule) { return true }
    worker.rare.add(
      "weir_authorization_denied_total",
      help: "Requests that authorization denied, or in shadow would have denied.",
      [
        "listener": listener.settings.name, "route": "none",
        "mode": policy.isShadow ? "shadow" : "enforced",
      ])
    if policy.isShadow { return true }
    denyingRule = rule
    return false
  }

  /// Passes the upstream's breaker and limit of requests, of which a connection is one; nil: it has.
  func admit() -> FailureKind? {
    let state = upstream.plan.state
    hold.begin(state, now, until: .distantFuture)
    if let breaker = state.breaker {
      guard case .admitted(let given) = breaker.admit(now: now) else {
        upstream.shard.add(upstream.metrics.refused(.upstream))
        return .circuitOpen
      }
      hold.passesBreaker(given)
      if let change = given.transition(at: now) { upstream.told(change, .upstream) }
    }
    if state.limits.acquire(.requests) {
      hold.takes(.requestSlot)
    } else if state.shadows.contains(.requests) {
      state.ledger.note(.requests)
    } else {
      return .requestsExceeded
    }
    state.budget.requestBegan()
    hold.takes(.request)
    return nil
  }

  /// A slot for a connection; nobody waits for one, since who holds one may hold it for days.
  func takeSlot() -> Bool {
    if upstream.acquireSlot() { return true }
    let state = upstream.plan.state
    guard state.shadows.contains(.connections) else { return false }
    state.ledger.note(.connections)
    upstream.limits.acquireBeyond(.connections)
    return true
  }

  /// The upstream's breaker hears how connecting went, once.
  func settle(_ outcome: Outcome) {
    guard hold.gives(.breaker), let breaker = hold.state?.breaker else { return }
    let nanoseconds = outcome == .ignored ? 0 : now.nanoseconds(since: startedAt)
    if let change = breaker.record(hold.ticket, outcome, nanoseconds: nanoseconds, now: now) {
      upstream.told(change, .upstream)
    }
  }

  private func giveBack() {
    guard let state = hold.state else { return }
    if holdsRetry {
      holdsRetry = false
      state.budget.retryEnded()
    }
    state.requestEnded(
      isActive: hold.parts.contains(.request), hasSlot: hold.parts.contains(.requestSlot))
    hold = AdmissionHold()
  }

  // MARK: The end

  /// Ends both sides; nil: both have ended by themselves.
  ///
  /// Where bytes were lost, or never had anywhere to go, the sides are reset, so that nobody takes what came
  /// for all; what ends by our own rule is closed.
  func end(_ failure: FailureKind?) {
    guard !isOver else { return }
    isOver = true
    let isPolite =
      switch failure {
      case nil, .authorizationDenied?, .drainTimeout?, .streamIdleTimeout?: true
      default: false
      }
    settle(failure.flatMap { hold.state?.classifier.outcome($0) } ?? .ignored)
    if attempt.endpoint != nil, !attempt.isRecorded {
      upstream.recordCut(attempt, after: now.nanoseconds(since: attempt.startedAt), now)
    }
    if let connection, let endpoint = attempt.endpoint {
      self.connection = nil
      if connection.isSecure, connectedAt != nil {
        endpoint.resumption = connection.session?.resumption ?? endpoint.resumption
      }
      let reason: UpstreamMetrics.Close =
        failure.map { $0.row.side == .upstream ? .error : .abandoned } ?? .notPersistent
      endpoint.close(connection, reason, reset: !isPolite)
    }
    endAttempt()
    giveBack()
    worker.rare.add(
      "weir_tcp_connections_total",
      help: "Connections of TCP listeners that have ended, by what ended them.",
      [
        "listener": listener.settings.name, "upstream": upstream.plan.name,
        "reason": failure?.name ?? "none",
      ])
    log(failure)
    client.close(reset: !isPolite)
  }

  private func log(_ failure: FailureKind?) {
    let sample = listener.proxySettings.accessLogSample
    guard let log = worker.accessLog, sample > 0,
      sample == 1 || failure != nil || worker.random.below(sample) == 0,
      let out = log.beginLine()
    else { return }
    TCPLogLine.write(self, failure, to: out)
    worker.logWritten()
  }
}

extension WorkerUpstream {
  /// Begins a connection for a client of TCP, whose slot is taken.
  func openTunnel(
    to endpoint: WorkerEndpoint
  ) -> Result<UpstreamConnection, WorkerEndpoint.OpenFault> {
    let result = endpoint.openTunnel()
    if case .failure = result { slotUnused() }
    return result
  }
}
