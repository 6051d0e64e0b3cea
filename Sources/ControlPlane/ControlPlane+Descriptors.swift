import Logging
import ProxyConfiguration
import Upstreams

/// How the process's descriptors are shared out while it serves.
extension ControlPlane {
  /// How descriptors are shared out where `configuration` is served.
  func descriptorPlan(_ configuration: Configuration, workers: Int) -> DescriptorPlan {
    DescriptorPlan(
      limit: descriptorLimit,
      DescriptorPlan.Needs(
        workers: workers, listeners: configuration.listeners.count,
        connectionsMax: configuration.connectionsMax, open: descriptorsOpen))
  }

  /// More listeners leave less for connections, and `limits.connections` may be another.
  func shareDescriptors(_ workers: Int) {
    let plan = descriptorPlan(configuration, workers: workers)
    descriptors.set(.clients, most: plan.clients)
    descriptors.set(.refused, most: plan.refused)
    descriptors.set(.endpoints, most: plan.endpoints)
    processMetrics?.plan(plan)
    if let warning = plan.warning { log.warning("\(warning)") }
  }
}
