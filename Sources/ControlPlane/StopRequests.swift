/// What a request to stop leads to.
///
/// ```
/// serving ──(POST /drain)── draining ──(1st signal)── draining ──(2nd signal)── ended at once
///    └──────(1st signal)───────────────────────────────┘
/// ```
///
/// A SIGTERM behind `POST /drain` is the kubelet's own, behind a preStop hook: it changes nothing.
/// The second signal is somebody who does not want to wait, as nginx's and HAProxy's fast stop.
/// SIGINT is from a terminal, where no balancer has to look away first: there is no delay, and one
/// that is under way ends. A value.
package struct StopRequests: Sendable {
  package enum Source: CaseIterable, Sendable {
    case admin, terminate, interrupt
  }

  package enum Step: Equatable, Sendable {
    case drain(isDelayed: Bool)
    /// It drains, and goes on now with what comes behind the delay.
    case endDelay
    case endNow
    case none
  }

  private var isDraining = false
  private var hasSignal = false

  package init() {}

  package mutating func next(_ source: Source) -> Step {
    let isFirst = !isDraining
    let isSecondSignal = hasSignal && source != .admin
    isDraining = true
    if source != .admin { hasSignal = true }
    if isFirst { return .drain(isDelayed: source != .interrupt) }
    if isSecondSignal { return .endNow }
    return source == .interrupt ? .endDelay : .none
  }
}
