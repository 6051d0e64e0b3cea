import Primitives

/// What happens to an attempt at its replica.
extension Simulator {
  /// The request is there.
  mutating func reach(_ attempt: Int) {
    guard attempts[attempt].phase == .travelling else { return }
    let replica = Int(attempts[attempt].replica)
    let service = replicas[replica].service
    guard attempts[attempt].isWanted || !services[service].cancels else {
      return free(attempt)
    }
    guard replicas[replica].isReached else { return lose(attempt) }
    guard replicas[replica].isUp else { return answer(attempt, .failure(.connectRefused)) }
    if !replicas[replica].isPaused, replicas[replica].running < services[service].concurrency {
      return start(attempt, at: replica)
    }
    guard replicas[replica].queued < services[service].queueMax else {
      return answer(attempt, .status503)
    }
    enqueue(attempt, at: replica)
  }

  /// Nothing comes back: the sidecar gives up connecting.
  private mutating func lose(_ attempt: Int) {
    guard attempts[attempt].isWanted else { return free(attempt) }
    let link = Int(exchanges[Int(attempts[attempt].exchange)].link)
    attempts[attempt].phase = .answering
    attempts[attempt].result = .failure(.connectTimeout)
    queue.push(
      Event(
        .answer, at: now + plan.edges[links[link].edge].policy.connectTimeout, index: attempt,
        generation: attempts[attempt].generation))
  }

  private mutating func start(_ attempt: Int, at replica: Int) {
    let service = replicas[replica].service
    replicas[replica].running += 1
    let time = services[service].drawTime()
    let finish = now + Int64(time * replicas[replica].slowness / 100)
    attempts[attempt].phase = .running
    attempts[attempt].finishAt = finish
    attempts[attempt].pausedSeen = replicas[replica].pausedTotal
    queue.push(
      Event(.finish, at: finish, index: attempt, generation: attempts[attempt].generation))
  }

  /// The replica's own work is done, unless a pause has put it off.
  mutating func finish(_ attempt: Int) {
    guard attempts[attempt].phase == .running, attempts[attempt].finishAt == now else { return }
    let replica = Int(attempts[attempt].replica)
    guard !replicas[replica].isPaused else { return }
    let debt = replicas[replica].pausedTotal - attempts[attempt].pausedSeen
    guard debt == 0 else { return postpone(attempt, by: debt) }
    let result = outcome(at: replica)
    let service = replicas[replica].service
    guard result.isOK, !services[service].steps.isEmpty else {
      answer(attempt, result)
      return release(replica)
    }
    attempts[attempt].phase = .calling
    beginStep(attempt)
    if !services[service].isBlocking { release(replica) }
  }

  mutating func postpone(_ attempt: Int, by debt: Int64) {
    attempts[attempt].finishAt += debt
    attempts[attempt].pausedSeen += debt
    queue.push(
      Event(
        .finish, at: attempts[attempt].finishAt, index: attempt,
        generation: attempts[attempt].generation))
  }

  private mutating func outcome(at replica: Int) -> Reason {
    let service = replicas[replica].service
    let errors = services[service].errors + replicas[replica].errors
    let resets = replicas[replica].resets
    guard errors + resets > 0 else { return .ok }
    let draw = services[service].random.uniform()
    if draw < resets { return .failure(.upstreamReset) }
    return draw < resets + errors ? .status500 : .ok
  }

  /// The replica is done with it: the answer travels back, if anybody waits.
  mutating func answer(_ attempt: Int, _ reason: Reason) {
    guard attempts[attempt].isWanted else { return free(attempt) }
    let replica = Int(attempts[attempt].replica)
    attempts[attempt].phase = .answering
    attempts[attempt].result = reason
    guard replicas[replica].isReached else { return }
    let link = Int(exchanges[Int(attempts[attempt].exchange)].link)
    let delay = plan.delay(from: links[link].zone, to: replicas[replica].zone)
    guard delay > 0 else { return endAttempt(attempt) }
    queue.push(
      Event(.answer, at: now + delay, index: attempt, generation: attempts[attempt].generation))
  }

  /// A place is free again.
  mutating func release(_ replica: Int) {
    replicas[replica].running -= 1
    startQueued(replica)
  }

  /// Takes the replica's work on it away. Precondition: nobody waits for it.
  mutating func withdraw(_ attempt: Int) {
    let replica = Int(attempts[attempt].replica)
    switch attempts[attempt].phase {
    case .travelling, .left, .free: break
    case .queued:
      replicas[replica].queued -= 1
      attempts[attempt].phase = .left
    case .running:
      free(attempt)
      release(replica)
    case .calling:
      abandonCalls(attempt)
      free(attempt)
      if services[replicas[replica].service].isBlocking { release(replica) }
    case .answering: free(attempt)
    }
  }

  // MARK: The queue

  private mutating func enqueue(_ attempt: Int, at replica: Int) {
    attempts[attempt].phase = .queued
    attempts[attempt].next = SimulatedAttempt.none
    let last = replicas[replica].lastQueued
    if last == SimulatedAttempt.none {
      replicas[replica].firstQueued = UInt32(attempt)
    } else {
      attempts[Int(last)].next = UInt32(attempt)
    }
    replicas[replica].lastQueued = UInt32(attempt)
    replicas[replica].queued += 1
  }

  mutating func startQueued(_ replica: Int) {
    let most = services[replicas[replica].service].concurrency
    while replicas[replica].running < most, replicas[replica].isUp, !replicas[replica].isPaused,
      let attempt = dequeue(replica)
    {
      start(attempt, at: replica)
    }
  }

  /// The next one that has not left.
  mutating func dequeue(_ replica: Int) -> Int? {
    while replicas[replica].firstQueued != SimulatedAttempt.none {
      let attempt = Int(replicas[replica].firstQueued)
      replicas[replica].firstQueued = attempts[attempt].next
      if attempts[attempt].next == SimulatedAttempt.none {
        replicas[replica].lastQueued = SimulatedAttempt.none
      }
      guard attempts[attempt].phase != .left else {
        free(attempt)
        continue
      }
      replicas[replica].queued -= 1
      return attempt
    }
    return nil
  }
}
