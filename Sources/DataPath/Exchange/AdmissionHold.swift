import Primitives
import Resilience
import Upstreams

/// What an exchange holds of the policies that admitted it, to be given back when it ends.
struct AdmissionHold {
  struct Parts: OptionSet {
    let rawValue: UInt8
    /// The upstream's retry budget counts it as active.
    static let request = Parts(rawValue: 1)
    /// A place of the adaptive limit.
    static let limiter = Parts(rawValue: 2)
    /// The upstream's breaker waits to hear how it went.
    static let breaker = Parts(rawValue: 4)
    /// The route's breaker does.
    static let routeBreaker = Parts(rawValue: 8)
    /// Counted as active by the route's hedge budget.
    static let hedgeable = Parts(rawValue: 16)
    /// The upstream's breaker has heard of the request before its end (`Exchange+Early`).
    static let breakerTold = Parts(rawValue: 32)
    /// The route's breaker has.
    static let routeBreakerTold = Parts(rawValue: 64)
    /// A slot of the upstream's requests.
    static let requestSlot = Parts(rawValue: 128)
  }

  var parts: Parts = []
  /// What admitted it: a reload may have put another in its place.
  var state: UpstreamState?
  var ticket = CircuitBreaker.Ticket.none
  var routeTicket = CircuitBreaker.Ticket.none
  var admittedAt = Instant(nanoseconds: 0)
  /// From when its latency counts, as an attempt's.
  var timedFrom = Instant(nanoseconds: 0)
  /// Until when the answer's head was to be there, as it stood then.
  var deadline = Instant.distantFuture
  var priority = RequestPriority.normal
  /// When the breakers heard of it, if that was before its end.
  var toldAt = Instant(nanoseconds: 0)
  var routeToldAt = Instant(nanoseconds: 0)
  /// The breakers have been told how it ended.
  var isSettled = false
}
