import Resilience

/// One try of an exchange at one replica, on both sides of the network.
///
/// The sidecar stops waiting for it (`isWanted`) and the replica is done with it at different
/// times: a server that does not see its caller leave works on for nobody, which is what turns
/// retries into a storm. The slot is free when both have ended.
///
///     travelling ──→ queued ──→ running ──→ calling ──→ answering ──→ (given back)
///          └─ full ─────│──────────│── no calls ─────────↗
///                       └─ left ───┴── cancelled, killed ───────────→ (given back)
///
/// Cost: 112 bytes.
struct SimulatedAttempt: Slotted {
  enum Phase: UInt8 {
    case travelling
    case queued
    case running
    /// The replica has done its part and waits for what it calls.
    case calling
    case answering
    /// In a replica's queue, to be dropped when its turn comes.
    case left
    /// Nobody's slot.
    case free
  }

  var generation: UInt32 = 0
  var exchange = SimulatedExchange.none
  /// Over all services.
  var replica: UInt32 = 0
  /// The replica's number in its service.
  var endpoint: UInt32 = 0
  /// Behind it in the replica's queue.
  var next = SimulatedAttempt.none
  /// The next attempt of the same exchange.
  var sibling = SimulatedAttempt.none
  /// The exchanges that it waits for, linked by their `sibling`.
  var firstCall = SimulatedExchange.none
  /// The exchange's, which may be gone when the replica makes its calls.
  var client: UInt16 = 0
  var priority: UInt8 = 0
  var phase = Phase.free
  var isWanted = true
  var isHedge = false
  /// It is the first attempt of its exchange.
  var isFirst = false
  /// Something that it called was skipped, or a fallback stood in for it.
  var isDegraded = false
  var result = Reason.ok
  /// Which of the service's steps it waits for.
  var step: UInt16 = 0
  var callsLeft: UInt16 = 0
  var sentAt: Int64 = 0
  var finishAt: Int64 = 0
  /// What the replica's pauses summed up to when the work began.
  var pausedSeen: Int64 = 0
  /// As the sidecar forwarded it.
  var deadline: Int64 = .max
  /// The ticket of the endpoint's breaker; nil: it has none.
  var ticket: CircuitBreaker.Ticket?
  /// When that breaker heard that it is slow; -1: it did not.
  var toldAt: Int64 = -1
}
