import Primitives
import ProxyConfiguration
import Upstreams

/// The route and the upstream of one edge, ready to be asked. Times in nanoseconds, `.max`: none.
struct EdgePolicy: Sendable {
  var timeout: Int64
  var perTryTimeout: Int64
  /// Tries in total.
  var attemptsMax: Int
  var connectTimeout: Int64
  var pendingTimeout: Int64
  var connectionsMax: Int
  var pendingMax: Int
  var requestsMax: Int
  var balancing: BalancingPolicy

  init(route: RouteConfiguration, upstream: UpstreamConfiguration) {
    timeout = route.timeout?.nanosecondsClamped ?? .max
    perTryTimeout = route.retry?.perTryTimeout?.nanosecondsClamped ?? .max
    attemptsMax = route.retry?.attempts ?? 1
    connectTimeout = upstream.connectTimeout.nanosecondsClamped
    pendingTimeout = upstream.pendingTimeout.nanosecondsClamped
    connectionsMax = upstream.connectionsMax
    pendingMax = upstream.pendingMax
    requestsMax = upstream.requestsMax
    balancing = upstream.policy == .leastRequest ? .leastRequest : .roundRobin
  }
}
