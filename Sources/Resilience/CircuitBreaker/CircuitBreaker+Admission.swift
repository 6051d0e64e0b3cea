import Primitives

extension CircuitBreaker {
  /// Whether a call may go.
  @usableFromInline package enum Admission: Sendable, Equatable {
    /// It may; its result is recorded with the ticket, exactly once, or a probe's slot is lost.
    case admitted(Ticket)
    /// It may not. After `retryAfterNanoseconds` the breaker probes, or a call may expect to be let in
    /// while traffic returns; 0: not known, because probes are under way or the breaker was forced
    /// open.
    case refused(retryAfterNanoseconds: Int64)
  }

  /// Proof of an admission, and the state in which it was given.
  ///
  /// The generation counts state changes, so that the result of a call admitted before a change is
  /// not taken for evidence of what came after. Cost: 8 bytes.
  @usableFromInline package struct Ticket: Sendable, Hashable {
    /// The generation above four bits: two for the kind, then `beganProbing` and `isShadow`.
    @usableFromInline let bits: UInt64

    /// How the ticket's result counts. The first two are also what the breaker's word says when
    /// every call gets a ticket of that kind.
    enum Kind: UInt64 {
      case counted = 0
      case uncounted = 1
      case probe = 2
      case unseen = 3
    }

    @inlinable init(bits: UInt64) {
      self.bits = bits
    }

    init(
      generation: UInt64, _ kind: Kind, beganProbing: Bool = false, isShadow: Bool = false
    ) {
      let flags: UInt64 = (beganProbing ? 4 : 0) | (isShadow ? 8 : 0)
      bits = generation << 4 | flags | kind.rawValue
    }

    var generation: UInt64 { bits >> 4 }

    /// A shadow breaker's mark: an enforcing one would have refused this call.
    package var wouldRefuse: Bool { bits & 3 == Kind.unseen.rawValue }

    /// The call is one of those that decide whether a half-open breaker closes.
    package var isProbe: Bool { bits & 3 == Kind.probe.rawValue }

    /// This admission turned an open breaker half-open.
    package var beganProbing: Bool { bits & 4 != 0 }

    /// The change of state that the admission at `now` brought about, if it did; its caller
    /// reports it.
    package func transition(at now: Instant) -> Transition? {
      guard beganProbing else { return nil }
      return Transition(
        from: .open, to: .halfOpen, reason: .openTimeEnded, at: now, openFor: nil,
        opening: nil,
        isShadow: bits & 8 != 0)
    }
  }
}
