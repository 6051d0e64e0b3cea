import Primitives

extension CircuitBreakerMachine {
  package mutating func admit(_ now: Instant) -> CircuitBreaker.Admission {
    switch mode {
    case .enforced:
      return decide(now)
    case .shadow:
      let admission = decide(now)
      if case .refused = admission { return .admitted(ticket(.unseen)) }
      return admission
    case .disabled:
      return .admitted(ticket(.uncounted))
    case .forcedOpen:
      return .refused(retryAfterNanoseconds: 0)
    }
  }

  private mutating func decide(_ now: Instant) -> CircuitBreaker.Admission {
    switch phase {
    case .closed:
      settle(now)
      guard let ramp else { return .admitted(ticket(.counted)) }
      credit += share(of: ramp, now)
      guard credit >= 10_000 else {
        return .refused(retryAfterNanoseconds: expectedWait(in: ramp, now))
      }
      credit -= 10_000
      return .admitted(ticket(.counted))
    case .open:
      guard now >= until else {
        return .refused(retryAfterNanoseconds: until.nanoseconds(since: now))
      }
      _ = move(to: .halfOpen, .openTimeEnded, now)
      probes.inFlight = 1
      return .admitted(ticket(.probe, beganProbing: true))
    case .halfOpen:
      guard hasFreeProbe else { return .refused(retryAfterNanoseconds: 0) }
      probes.inFlight += 1
      return .admitted(ticket(.probe))
    }
  }

  private func ticket(
    _ kind: CircuitBreaker.Ticket.Kind, beganProbing: Bool = false
  ) -> CircuitBreaker.Ticket {
    CircuitBreaker.Ticket(
      generation: generation, kind, beganProbing: beganProbing, isShadow: mode == .shadow)
  }

  private var hasFreeProbe: Bool { probes.inFlight + probes.counted < rules.probes }

  /// How long until a call may expect to be let in: at one try a second, one of `1 / share` passes, so
  /// after about as many seconds, or when the ramp is over. With half of it as jitter either way, or
  /// all who were refused would return together.
  private mutating func expectedWait(in ramp: Range<Int64>, _ now: Instant) -> Int64 {
    let expected = 10_000 * 1_000_000_000 / share(of: ramp, now)
    return min(expected / 2 + draw(below: expected), ramp.upperBound - now.nanoseconds)
  }

  /// Basis points of the calls that `ramp` admits at `now`.
  func share(of ramp: Range<Int64>, _ now: Instant) -> Int64 {
    let elapsed = max(now.nanoseconds - ramp.lowerBound, 0)
    let length = ramp.upperBound - ramp.lowerBound
    return Self.firstShare + (10_000 - Self.firstShare) * elapsed / length
  }

  /// What a breaker that is shared tells its callers without a lock: the bits of a ticket, of
  /// which the lower two say how every call is answered.
  ///
  /// `counted` and `uncounted`: admitted with such a ticket, which then is the word itself.
  /// `probe` and `unseen`: ask the machine, which refuses (`probe`), or only marks (`unseen`).
  var word: UInt64 {
    let kind: CircuitBreaker.Ticket.Kind
    switch mode {
    case .disabled: kind = .uncounted
    case .forcedOpen: kind = .probe
    case .enforced: kind = isPlainlyClosed ? .counted : .probe
    case .shadow: kind = isPlainlyClosed ? .counted : .unseen
    }
    return CircuitBreaker.Ticket(generation: generation, kind, isShadow: mode == .shadow).bits
  }

  private var isPlainlyClosed: Bool { phase == .closed && ramp == nil }

  /// Before this no call is admitted, for balancers, which skip the endpoint until then; the far
  /// future while that depends on an event and not on time.
  package var refusesUntil: Instant {
    switch mode {
    case .shadow, .disabled: return Instant(nanoseconds: .min)
    case .forcedOpen: return .distantFuture
    case .enforced: break
    }
    switch phase {
    case .closed: return Instant(nanoseconds: .min)
    case .open: return until
    case .halfOpen: return hasFreeProbe ? Instant(nanoseconds: .min) : .distantFuture
    }
  }
}
