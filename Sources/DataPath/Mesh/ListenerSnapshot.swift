import Routing
import Telemetry

/// A listener's settings and routes in one snapshot. One worker's.
package final class ListenerSnapshot {
  package let settings: ListenerSettings
  /// Those of the whole proxy, in the same snapshot.
  package let proxySettings: ProxySettings
  /// What makes it the same listener in two snapshots: its name and address.
  package var key: String { "\(settings.name) \(settings.address)" }
  let table: RouteTable
  /// By position in `table`.
  let routes: [Route]
  /// The snapshot's upstreams as the worker has them, which it fills in when it takes that over.
  var targets: [WorkerUpstream] = []
  /// For requests that end before they have a route.
  let unrouted: RequestSeries

  package init(
    settings: ListenerSettings, proxySettings: ProxySettings, table: RouteTable, routes: [Route],
    unrouted: RequestSeries
  ) {
    self.settings = settings
    self.proxySettings = proxySettings
    self.table = table
    self.routes = routes
    self.unrouted = unrouted
  }
}
