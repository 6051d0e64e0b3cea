import Primitives
import Routing
import Telemetry

/// What is done with the requests that a `RouteMatch` takes. One worker's.
package final class Route {
  package enum Action {
    /// Index into the snapshot's upstreams.
    case forward(Int)
    /// The split's choices, in its order.
    case split(WeightedSplit, [Int])
    case redirect(Redirect)
    case respond(DirectResponse)
  }

  package let name: String
  let action: Action
  let rewrite: PathRewrite?
  let requestEdits: HeaderEdits
  let responseEdits: HeaderEdits
  /// From the request's last byte to the answer's head, in nanoseconds; nil: no limit.
  let timeout: Int64?
  /// For the whole exchange; nil: no limit.
  let totalTimeout: Int64?
  /// One for each upstream of `action`, or one.
  let series: [RequestSeries]

  package init(
    name: String, action: Action, rewrite: PathRewrite?, requestEdits: HeaderEdits,
    responseEdits: HeaderEdits, timeout: Duration?, totalTimeout: Duration?,
    series: [RequestSeries]
  ) {
    self.name = name
    self.action = action
    self.rewrite = rewrite
    self.requestEdits = requestEdits
    self.responseEdits = responseEdits
    self.timeout = timeout?.nanosecondsClamped
    self.totalTimeout = totalTimeout?.nanosecondsClamped
    self.series = series
  }
}
