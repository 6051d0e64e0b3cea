import Primitives
import Resilience

/// A change that operators want to know of: it is logged, counted and shown in `/upstreams`.
package enum PolicyEvent: Sendable {
  /// `subject`: the upstream's name, the route's or the endpoint's address.
  case breaker(BreakerScope, upstream: String, subject: String, CircuitBreaker.Transition)
  /// Few enough endpoints are available that all are asked, or no longer so.
  case panic(upstream: String, isOn: Bool)
  /// A breaker that is not closed goes on by other settings. `openFor`: what is left; nil: it is
  /// not open.
  case breakerEdited(
    BreakerScope, upstream: String, subject: String, state: CircuitBreaker.State,
    openFor: Duration?)
  /// A breaker that was not closed is gone: its key was removed.
  case breakerRemoved(
    BreakerScope, upstream: String, subject: String, state: CircuitBreaker.State)
  /// `isShadow`: it would have been, and goes on as before.
  case ejected(
    upstream: String, endpoint: String, reason: String, forNanoseconds: Int64, isShadow: Bool)
  /// `cause`: the raw value of an `OutlierDetector.ReturnCause`.
  /// A TLS handshake failed, with a client of a listener or with an endpoint of an upstream.
  case handshakeFailed(HandshakeFailure)
  /// A connection was closed for its header of the PROXY protocol. `reason`: a `ProxyHeader.Fault`.
  case proxyHeaderRefused(listener: String, peer: String, reason: String)
  case returned(upstream: String, endpoint: String, cause: String)
}
