/// All that a worker serves by: made off the workers, one for each, and handed over whole.
///
/// An exchange keeps the one it began with. `upstreams` is filled by the worker that takes it over,
/// because pools and balancers outlive snapshots.
package final class Snapshot: @unchecked Sendable {
  // SAFETY: made by one thread, handed to one worker through its mailbox, and its last reference
  // is given back through the control plane's.
  package let number: Int
  package let settings: ProxySettings
  package let listeners: [ListenerSnapshot]
  package let plans: [UpstreamPlan]
  package let metrics: [UpstreamMetrics]
  /// By position in `plans`.
  package internal(set) var upstreams: [WorkerUpstream] = []

  package init(
    number: Int, settings: ProxySettings, listeners: [ListenerSnapshot], plans: [UpstreamPlan],
    metrics: [UpstreamMetrics]
  ) {
    self.number = number
    self.settings = settings
    self.listeners = listeners
    self.plans = plans
    self.metrics = metrics
  }
}
