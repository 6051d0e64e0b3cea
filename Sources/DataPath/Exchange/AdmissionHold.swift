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

  private(set) var parts: Parts = []
  /// What admitted it: a reload may have put another in its place.
  private(set) var state: UpstreamState?
  private(set) var ticket = CircuitBreaker.Ticket.none
  private(set) var routeTicket = CircuitBreaker.Ticket.none
  private(set) var admittedAt = Instant(nanoseconds: 0)
  /// From when its latency counts, as an attempt's.
  private(set) var timedFrom = Instant(nanoseconds: 0)
  /// Until when the answer's head was to be there, as it stood then.
  private(set) var deadline = Instant.distantFuture
  private(set) var priority = RequestPriority.normal
  /// When the breakers heard of it, if that was before its end.
  private(set) var toldAt = Instant(nanoseconds: 0)
  private(set) var routeToldAt = Instant(nanoseconds: 0)
  /// The breakers have been told how it ended.
  private(set) var isSettled = false

  /// The policies of `state` are asked.
  mutating func begin(_ state: UpstreamState, _ now: Instant, until deadline: Instant) {
    self.state = state
    admittedAt = now
    timedFrom = now
    self.deadline = deadline
  }

  mutating func classify(_ priority: RequestPriority) { self.priority = priority }

  mutating func takes(_ part: Parts) { parts.insert(part) }

  /// True: it was held, and is to be given back now.
  mutating func gives(_ part: Parts) -> Bool { parts.remove(part) != nil }

  mutating func passesBreaker(_ ticket: CircuitBreaker.Ticket) {
    self.ticket = ticket
    parts.insert(.breaker)
  }

  mutating func passesRouteBreaker(_ ticket: CircuitBreaker.Ticket) {
    routeTicket = ticket
    parts.insert(.routeBreaker)
  }

  /// The last byte of the request has come: what the endpoint takes counts from here.
  mutating func countTime(from now: Instant) { timedFrom = now }

  mutating func breakerHears(_ now: Instant) {
    parts.insert(.breakerTold)
    toldAt = now
  }

  mutating func routeBreakerHears(_ now: Instant) {
    parts.insert(.routeBreakerTold)
    routeToldAt = now
  }

  mutating func settled() { isSettled = true }
}
