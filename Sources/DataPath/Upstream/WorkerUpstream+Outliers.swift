import Primitives
import Resilience
import Telemetry
import Upstreams

/// Who is ejected and who returns, and whether a failure speaks against its endpoint at all.
extension WorkerUpstream {
  /// Where results of `endpoint` are counted; nil: nowhere. One that has left has no slot any more:
  /// its number may be another's by now, or one that a new detector does not have.
  func detection(of endpoint: WorkerEndpoint) -> (OutlierDetector, slot: Int)? {
    guard endpoint.index >= 0, let detector = plan.state.detector,
      let slot = endpoint.state.slot
    else { return nil }
    return (detector, slot)
  }

  /// What the attempt says about its endpoint, beside what the others do on its route. A connection
  /// that could not be made is no matter of the route.
  func evidence(
    _ attempt: Attempt, _ endpoint: WorkerEndpoint, _ outcome: Outcome, _ result: AttemptResult,
    _ now: Instant
  ) -> PeerEvidence {
    guard let comparison = plan.state.comparison, endpoint.index >= 0, result != .ignored,
      result != .unanswered, attempt.sentAt.nanoseconds != 0
    else { return .against }
    return comparison.record(
      endpoint.index, route: attempt.routeKey,
      isFailure: outcome == .failure || result != .success, now: now)
  }

  /// What a detector has decided.
  func tell(_ changes: [OutlierDetector.Change], _ now: Instant) {
    for change in changes {
      switch change {
      case .ejected(let ejection):
        if let endpoint = plan.state.endpoint(at: ejection.slot) { eject(endpoint, ejection, now) }
      case .returned(let slot, let cause, _):
        guard let endpoint = plan.state.endpoint(at: slot), endpoint.set(isEjected: false) else {
          continue
        }
        availability.changed()
        worker.report(
          .returned(upstream: plan.name, endpoint: endpoint.identity, cause: cause.rawValue))
      }
    }
  }

  private func eject(
    _ endpoint: EndpointState, _ ejection: OutlierDetector.Ejection, _ now: Instant
  ) {
    let isShadow = plan.state.shadows.contains(.outlierDetection)
    guard isShadow || endpoint.set(isEjected: true) else { return }
    if isShadow { plan.state.ledger.note(.outlierDetection) }
    plan.state.availability.look(at: ejection.until)
    plan.state.availability.changed()
    worker.rare.add(
      "weir_outlier_ejections_total", help: "Endpoints that were ejected, by what for.",
      ["upstream": plan.name, "reason": ejection.cause.rawValue])
    worker.report(
      .ejected(
        upstream: plan.name, endpoint: endpoint.identity, reason: ejection.cause.rawValue,
        forNanoseconds: ejection.until.nanoseconds(since: now), isShadow: isShadow))
  }

  /// The time to look at the ejected has come: some return, and the detector compares the rest.
  func returnEjected(_ now: Instant) {
    let state = plan.state
    availability.changed()
    defer {
      for endpoint in endpoints {
        if let breaker = endpoint.state.breaker, breaker.nextChange > now {
          availability.look(at: breaker.nextChange)
        }
      }
    }
    guard let detector = state.detector else { return }
    tell(detector.advance(now: now), now)
    reconcile(detector)
    availability.look(at: detector.nextChange)
  }

  /// One worker may bring an endpoint back before the other, which ejected it, has said so: the
  /// detector is right.
  private func reconcile(_ detector: OutlierDetector) {
    for endpoint in endpoints where endpoint.state.isEjected {
      guard let slot = endpoint.state.slot, !detector.isEjected(slot),
        endpoint.state.set(isEjected: false)
      else { continue }
      worker.report(
        .returned(
          upstream: plan.name, endpoint: endpoint.state.identity,
          cause: OutlierDetector.ReturnCause.timeServed.rawValue))
    }
  }
}
