import Primitives
import Routing
import Telemetry
import Upstreams

/// What is done with the requests that a `RouteMatch` takes. One worker's.
package final class Route {
  package enum Action {
    case forward
    /// Its choices are positions in `upstreams`.
    case split(WeightedSplit)
    case redirect(Redirect)
    case respond(DirectResponse)
  }

  package let name: String
  /// What it is told apart by among the routes that lead to an upstream, on all workers: a hash of
  /// its listener's name and its own.
  let key: UInt64
  let action: Action
  /// Where it may lead, by position in the snapshot's upstreams.
  let upstreams: [Int]
  let rewrite: PathRewrite?
  let requestEdits: HeaderEdits
  let responseEdits: HeaderEdits
  /// From the request's last byte to the answer's head, in nanoseconds; nil: no limit.
  let timeout: Int64?
  /// For the whole exchange; nil: no limit.
  let totalTimeout: Int64?
  /// One for each of `upstreams`; one where there are none.
  let series: [RequestSeries]
  /// The endpoints that may be picked; nil: all of them.
  let subset: RouteSubset?
  let policy: RoutePolicy?
  /// Who may do what by this route, beside the listener's; nil: anybody anything.
  let authorization: AuthorizationPolicy?

  package init(
    name: String, listener: String = "", action: Action, upstreams: [Int], rewrite: PathRewrite?,
    requestEdits: HeaderEdits,
    responseEdits: HeaderEdits, timeout: Duration?, totalTimeout: Duration?,
    series: [RequestSeries], subset: RouteSubset? = nil, policy: RoutePolicy? = nil,
    authorization: AuthorizationPolicy? = nil
  ) {
    self.name = name
    key = KeyHash.of("\(listener)/\(name)")
    self.action = action
    self.upstreams = upstreams
    self.rewrite = rewrite
    self.requestEdits = requestEdits
    self.responseEdits = responseEdits
    self.timeout = timeout?.nanosecondsClamped
    self.totalTimeout = totalTimeout?.nanosecondsClamped
    self.series = series
    self.subset = subset
    self.policy = policy
    self.authorization = authorization
  }
}
