import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Upstreams

/// The clocks of an exchange. Its one timer is armed for the earliest; a deadline that was
/// moved meanwhile is looked up when that one fires, so progress costs nothing.
extension Exchange {
  /// Nothing of the request is still to come: all of it has been sent, or it has no body.
  var hasSent: Bool { requestProgress.isDone || downstream?.head.hasBody == false }

  /// The time to the answer's head begins: the head is there, or the whole body. A client that
  /// waits for `100 Continue` waits for the endpoint, so it runs from the head until that is there.
  func armTimeout() {
    // An attempt after the first has no more time than the first had.
    guard let route, !answerProgress.hasBegun,
      attempts.begun <= 1 || clocks.headDeadline >= clocks.clientDeadline
    else { return }
    clocks.answer(by: .distantFuture)
    if let timeout = route.timeout,
      hasSent || requestProgress.awaitsContinue
    {
      clocks.answer(by: now.advanced(byNanoseconds: timeout))
    }
  }

  /// The time of one attempt begins with it, or with its request's last byte.
  func armTry() {
    guard let retry = route?.policy?.retry, retry.perTryNanoseconds != .max,
      hasSent
    else { return }
    clocks.tryUntil(now.advanced(byNanoseconds: retry.perTryNanoseconds))
  }

  /// How long a trusted proxy lets us take, which bounds the answer's head; `grpc-timeout` bounds
  /// all of it.
  func readDeadline(_ downstream: DownstreamStream) {
    guard client.isTrusted else { return }
    let head = downstream.head
    let present = head.present
    guard
      present.contains(.xEnvoyExpectedTimeout) || present.contains(.grpcTimeout)
        || present.contains(.xEnvoyAttemptCount)
    else { return }
    let input = downstream.headBlock
    let bytes = input.readable
    for field in head.fields {
      let value = bytes.extracting(field.value.bounds)
      switch field.id {
      case .xEnvoyExpectedTimeout:
        guard let allowed = DeadlineText.millisecondsHeader(value) else { continue }
        clocks.clientWaits(until: clocks.startedAt.advanced(byNanoseconds: allowed))
      case .grpcTimeout:
        guard let allowed = DeadlineText.grpcNanoseconds(value) else { continue }
        let deadline = clocks.startedAt.advanced(byNanoseconds: allowed)
        clocks.clientWaits(until: deadline)
        clocks.end(by: deadline)
      case .xEnvoyAttemptCount:
        attempts.above = Int(Token.decimal(value) ?? 1)
      default: continue
      }
    }
  }

  /// Whether the answer cannot be there in time: nobody is asked for it then.
  func isDoomed(_ upstream: WorkerUpstream) -> Bool {
    let deadline = DeadlineBudget(deadline: min(clocks.clientDeadline, clocks.totalDeadline))
    return deadline.isBounded
      && deadline.isDoomed(now, fastestNanoseconds: upstream.digest.fastestNanoseconds(now: now))
  }

  /// What is left for the answer's head, for the next hop; nil: no limit.
  var remainingNanoseconds: Int64? {
    var deadline = min(clocks.headDeadline, clocks.totalDeadline, clocks.tryDeadline)
    if deadline == .distantFuture, let timeout = route?.timeout {
      deadline = now.advanced(byNanoseconds: timeout)
    }
    return deadline == .distantFuture ? nil : max(deadline.nanoseconds(since: now), 1)
  }

  func armDeadline(_ downstream: DownstreamStream) {
    loop.arm(self, at: nextDeadline(downstream))
  }

  /// The client takes no more of its answer for now: its stall is timed from the last byte it took.
  func noteBlocked(_ tookSome: Bool, _ downstream: DownstreamStream) {
    if tookSome { clocks.moved(now) }
    armDeadline(downstream)
  }

  private func nextDeadline(_ downstream: DownstreamStream) -> Instant {
    var next = min(clocks.headDeadline, clocks.totalDeadline, clocks.pendingDeadline)
    next = min(
      next, clocks.tryDeadline, clocks.resumeAt, clocks.hedgeAt, probeDeadline, clocks.slowAt)
    if let upstream, isTimingStream {
      next = min(next, clocks.lastProgress.advanced(byNanoseconds: upstream.streamIdleNanoseconds))
    }
    if let settings = listener?.settings {
      if isTimingBody, settings.bodyBytesPerSecondMin > 0 {
        clocks.beginBodyWindow(now)
        next = min(
          next, clocks.bodyWindowStart.advanced(byNanoseconds: settings.bodyWindowNanoseconds))
      }
      if !downstream.isOutputEmpty {
        next = min(
          next, clocks.lastProgress.advanced(byNanoseconds: settings.writeStallNanoseconds))
      }
    }
    return next
  }

  func deadlinePassed(_ downstream: DownstreamStream) {
    if let failure = expired(downstream) {
      guard stage == .awaitingHedge, let upstream else { return fail(failure) }
      // The hedge was waited for long enough: an answer is there.
      return dropHedge(upstream, goingOn: true)
    }
    if now >= clocks.resumeAt { return goOn(downstream) }
    if now >= clocks.tryDeadline { return attemptFailed(.perTryTimeout) }
    if now >= clocks.slowAt, let upstream { watchSlow(upstream) }
    if now >= clocks.hedgeAt { beginHedge(downstream) }
    if now >= probeDeadline { giveUpProbes() }
    armDeadline(downstream)
  }

  /// When a probe of a half-open breaker is given up whose client still sends: a slow upload must not
  /// hold the only probe, and with it everybody else. As long as a request may wait for a connection.
  private var probeDeadline: Instant {
    guard !hasSent, let upstream else { return .distantFuture }
    let holdsOne =
      (hold.parts.contains(.breaker) && hold.ticket.isProbe)
      || (hold.parts.contains(.routeBreaker) && hold.routeTicket.isProbe)
      || (attempt.endpoint != nil && !attempt.isRecorded && attempt.ticket.isProbe)
    guard holdsOne else { return .distantFuture }
    return hold.admittedAt.advanced(byNanoseconds: upstream.plan.pendingNanoseconds)
  }

  /// The request goes on; how it ends counts nowhere.
  private func giveUpProbes() {
    settleAsNothing()
    if let upstream, attempt.ticket.isProbe { recordCut(upstream) }
  }

  /// `resumeAt` has come: what that was for, the stage tells.
  private func goOn(_ downstream: DownstreamStream) {
    clocks.resume(at: .distantFuture)
    guard let upstream else { return }
    switch stage {
    case .delayed: admitBehindFaults(upstream, downstream)
    case .backingOff: choose(upstream, downstream)
    case .waiting:
      upstream.shed()
      if stage == .waiting {
        clocks.resume(at: upstream.queue.refusalDue ?? .distantFuture)
        armDeadline(downstream)
      }
    // Bytes that a limit held back may go on.
    default: pump(downstream)
    }
  }

  /// The policy of the queue that it waits in has changed.
  func queueLook(at due: Instant) {
    guard stage == .waiting, let downstream else { return }
    clocks.resume(at: due)
    armDeadline(downstream)
  }

  /// What has run out, if anything has.
  private func expired(_ downstream: DownstreamStream) -> FailureKind? {
    if now >= clocks.totalDeadline { return .totalTimeout }
    if stage == .waiting, now >= clocks.pendingDeadline { return .pendingTimeout }
    if now >= clocks.headDeadline { return stage == .head ? .requestHeadTimeout : .requestTimeout }
    guard let settings = listener?.settings else { return nil }
    if !downstream.isOutputEmpty,
      now >= clocks.lastProgress.advanced(byNanoseconds: settings.writeStallNanoseconds)
    {
      return .downstreamWriteStalled
    }
    if isTimingBody, let failure = bodyRate(settings) { return failure }
    if let upstream, isTimingStream,
      now >= clocks.lastProgress.advanced(byNanoseconds: upstream.streamIdleNanoseconds)
    {
      return attempt.stream?.isOutputEmpty == false ? .upstreamWriteStalled : .streamIdleTimeout
    }
    return nil
  }

  /// Somebody ought to send. A wait of our own (for a connection, a delay, a back-off) is bounded by
  /// itself.
  private var isTimingStream: Bool {
    switch stage {
    case .connecting, .responding, .replying, .awaitingHedge, .tunnelling: true
    case .idle, .head, .delayed, .choosing, .waiting, .backingOff: false
    }
  }

  private var isTimingBody: Bool {
    stage == .responding && !requestProgress.isDone && !requestProgress.awaitsContinue
  }

  /// The client has been told to go on, or does so by itself.
  func endAwaitingContinue(_ downstream: DownstreamStream) {
    guard requestProgress.awaitsContinue else { return }
    requestProgress.toldToContinue()
    clocks.answer(by: .distantFuture)
    clocks.bodyMayCome(now)
    armDeadline(downstream)
  }

  /// Judges the window that is over, unless it is the endpoint that holds the client back.
  private func bodyRate(_ settings: ListenerSettings) -> FailureKind? {
    guard settings.bodyBytesPerSecondMin > 0,
      now >= clocks.bodyWindowStart.advanced(byNanoseconds: settings.bodyWindowNanoseconds)
    else { return nil }
    let window = UInt64(max(settings.bodyWindowNanoseconds, 0))
    let needed = settings.bodyBytesPerSecondMin * (window / 1_000_000) / 1000
    let isSlow = clocks.bodyWindowBytes < needed
    clocks.nextBodyWindow(now)
    return isSlow && attempt.stream?.isOutputEmpty != false ? .requestBodyTooSlow : nil
  }
}
