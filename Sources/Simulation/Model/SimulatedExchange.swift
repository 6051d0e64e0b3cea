import Resilience
import Upstreams

/// One request as a sidecar sees it: admission, attempts, one end.
///
///     (admitted) ──→ waiting ──→ trying ⇄ backingOff
///         │             │           │         │
///         └─────────────┴───────────┴─────────┴──→ (given back)
///
/// Cost: 264 bytes, of which 88 are the endpoints tried.
struct SimulatedExchange: Slotted {
  enum Phase: UInt8 {
    /// For a connection.
    case waiting
    case trying
    case backingOff
  }

  var generation: UInt32 = 0
  var link: UInt32 = 0
  /// The attempt whose work calls; none: a client.
  var parent = SimulatedExchange.none
  /// The next exchange of the same parent.
  var sibling = SimulatedExchange.none
  var firstAttempt = SimulatedAttempt.none
  /// In the queue, while it waits.
  var place: UInt32 = 0
  var client: UInt16 = 0
  var phase = Phase.trying
  /// What it did so far, and what follows.
  var attempts = AttemptLoop()
  /// The answer to its first attempt that is kept while its hedge is out.
  var kept = Reason.ok
  /// Who gave it: the endpoint's key.
  var keptFrom: UInt64 = 0
  var priority: UInt8 = 0
  var isOptional = false
  /// Holds a place in the adaptive limit.
  var holdsLimit = false
  var isIdempotent = true
  /// Its answer is a fallback's, or was made without something that was skipped or stood in for.
  var isDegraded = false
  var began: Int64 = 0
  var deadline: Int64 = .max
  /// The tickets of the breakers of the upstream and of the route; nil: there is none.
  var ticket: CircuitBreaker.Ticket?
  var routeTicket: CircuitBreaker.Ticket?
  /// When those breakers heard that it is slow; -1: they did not.
  var toldAt: Int64 = -1
  var routeToldAt: Int64 = -1
  /// When the present link admitted it.
  var admittedAt: Int64 = 0
}
