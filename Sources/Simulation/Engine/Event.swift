/// Something that happens at a time; what it happens to is a slot of some pool.
///
/// Cost: 16 bytes. The generation tells whether the slot still holds what it held when the event
/// was made, so that nothing is ever taken out of the queue: what has ended is dropped when its
/// turn comes.
struct Event {
  /// In the order of their raw values, of which there may be 16.
  enum Kind: UInt8 {
    /// A client class sends its next request.
    case arrival
    /// An attempt reaches its replica, or what is left of it.
    case reach
    /// A replica is done with its own work for an attempt.
    case finish
    /// An answer is back at the sidecar.
    case answer
    case perTryTimeout
    case deadline
    case pendingTimeout
    /// A back-off is over.
    case retry
    case hedge
    /// The next entry of the timeline of faults.
    case fault
    /// A sidecar's outlier detector looks at its endpoints.
    case sweep
    /// A sidecar's health check of one endpoint begins.
    case probe
    /// Its end; the generation is the result.
    case probeEnd
    /// A link's queue may refuse somebody.
    case pendingShed
    /// An exchange has become slow for a breaker that admitted it; an attempt for its endpoint's.
    case slow
    case slowAttempt
  }

  /// Nanoseconds from the start.
  var time: Int64
  private var bits: UInt64

  static let indexMax = 1 << 28

  @inline(__always)
  init(_ kind: Kind, at time: Int64, index: Int, generation: UInt32 = 0) {
    self.time = time
    bits = UInt64(generation) << 32 | UInt64(kind.rawValue) << 28 | UInt64(index)
  }

  @inline(__always) var kind: Kind {
    guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: bits >> 28) & 15) else {
      preconditionFailure("an event of no kind")
    }
    return kind
  }

  @inline(__always) var index: Int { Int(bits & 0x0FFF_FFFF) }
  @inline(__always) var generation: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) }
}
