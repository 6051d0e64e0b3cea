import HTTPModel
import Primitives
import Routing
import Telemetry
import Upstreams

/// Authorization: whether whoever asks may ask that.
///
/// Above everything that a route does and below the normalised path: a rule must see the path that routes
/// match, and what is denied takes no token of a rate limit and no place. The listener's policy is asked
/// before the route's, since it holds for requests that no route takes too. Fails as `authorization_denied`.
extension Exchange {
  /// True: the request goes on. False: it has failed. Precondition: the head is whole.
  func isAuthorized(
    by policy: AuthorizationPolicy, _ listener: ListenerSnapshot, _ downstream: DownstreamStream
  ) -> Bool {
    let head = downstream.head
    let block = downstream.headBlock
    let identity = downstream.connection.securedPeer?.identity
    let rule = withPath(head, block, routing: true) { path in
      policy.decidingRule(identity, method: block.slice(head.methodText), path: path)
    }
    if policy.allows(by: rule) { return true }
    worker.rare.add(
      "weir_authorization_denied_total",
      help: "Requests that authorization denied, or in shadow would have denied.",
      [
        "listener": listener.settings.name, "route": route?.name ?? "none",
        "mode": policy.isShadow ? "shadow" : "enforced",
      ])
    if policy.isShadow {
      notes.shadows.insert(.authorization)
      return true
    }
    notes.denyingRule = rule
    fail(.authorizationDenied)
    return false
  }
}
