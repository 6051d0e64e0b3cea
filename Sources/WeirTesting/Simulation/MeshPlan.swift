import DataPath
import Primitives

/// What a simulated mesh serves by: one route for every request, to the first of its upstreams.
package struct MeshPlan {
  /// The route's; the others are for its fallback.
  package var upstreams: [UpstreamPlan]
  package var policy: RoutePolicy?
  package var timeout: Duration? = .seconds(15)
  package var totalTimeout: Duration?
  package var settings = ProxySettings()

  package init(upstreams: [UpstreamPlan]) {
    self.upstreams = upstreams
  }
}
