import DataPath
import Dispatch
import Reactor
import Telemetry

/// A running proxy, for a screen in the same process.
extension ControlPlane {
  /// Has `observer` called with each change from now on, on the control queue: it must not wait.
  package func watch(_ observer: @escaping @Sendable (MeshChange) -> Void) {
    queue.async { self.observer = observer }
  }

  /// Calls `done` on the control queue with how things stand. Never once it has ended.
  package func report(_ done: @escaping @Sendable (MeshReport) -> Void) {
    queue.async { [self] in
      guard phase == .serving else { return }
      workers?.ask(UpstreamView.all(of:)) { [self] views in
        let upstreams = reports(UpstreamView.sum(views, now: kernel.now()))
        counts { done(MeshReport(upstreams: upstreams, counters: $0)) }
      }
    }
  }

  /// Forces breakers of an upstream open, or has them go by their configuration again, as
  /// `PUT /circuit-breakers/<upstream>` does. `endpoint`: an address, for its own breaker; nil: that
  /// of the upstream. There may be none.
  package func force(
    breakerOf upstream: String, endpoint: String?, isOpen: Bool
  ) {
    queue.async { [self] in
      let command: BreakerCommand = isOpen ? .forcedOpen : .released
      for known in builder.breakers(configuration) where known.upstreams.contains(upstream) {
        let isMeant =
          endpoint.map { known.scope == .endpoint && known.subject == $0 }
          ?? (known.scope == .upstream)
        if isMeant { _ = set(known, command, upstream) }
      }
    }
  }
}
