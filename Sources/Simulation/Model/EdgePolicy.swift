import Primitives
import Upstreams

/// The route and the upstream of one edge, ready to be asked. Times in nanoseconds, `.max`: none.
struct EdgePolicy: Sendable {
  var timeout: Int64 = 15_000_000_000
  var perTryTimeout: Int64 = .max
  /// Tries in total.
  var attemptsMax = 1
  var connectTimeout: Int64 = 1_000_000_000
  var pendingTimeout: Int64 = 3_000_000_000
  var connectionsMax = 1024
  var pendingMax = 1024
  var requestsMax = 1024
  var balancing = BalancingPolicy.roundRobin
}
