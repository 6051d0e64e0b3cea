import Primitives

/// What faults do to replicas.
extension Simulator {
  mutating func apply(_ change: Change) {
    for replica in change.replicas { apply(change.kind, to: replica) }
  }

  private mutating func apply(_ kind: Change.Kind, to replica: Int) {
    switch kind {
    case .kill:
      replicas[replica].kills += 1
      if replicas[replica].kills == 1 { dropWork(of: replica) }
    case .restart: replicas[replica].kills -= 1
    case .pause:
      replicas[replica].pauses += 1
      if replicas[replica].pauses == 1 { replicas[replica].pausedAt = now }
    case .resume: resume(replica)
    case .cut: replicas[replica].cuts += 1
    case .join: replicas[replica].cuts -= 1
    case .withdraw: list(replica, isThere: false)
    case .announce: list(replica, isThere: true)
    case .slow(let times): replicas[replica].slowness *= times
    case .errors(let share): replicas[replica].errors = max(replicas[replica].errors + share, 0)
    case .resets(let share): replicas[replica].resets = max(replicas[replica].resets + share, 0)
    }
  }

  /// A process that dies resets its connections; what it had called is given up.
  private mutating func dropWork(of replica: Int) {
    replicas[replica].running = 0
    replicas[replica].queued = 0
    replicas[replica].firstQueued = SimulatedAttempt.none
    replicas[replica].lastQueued = SimulatedAttempt.none
    for attempt in 0..<attempts.count where Int(attempts[attempt].replica) == replica {
      switch attempts[attempt].phase {
      case .queued, .running, .calling:
        abandonCalls(attempt)
        answer(attempt, .failure(.upstreamReset))
      case .left: free(attempt)
      case .travelling, .answering, .free: break
      }
    }
  }

  /// Work that would have ended during the pause goes on for as long as it had left; other work
  /// finds out when its time has come.
  private mutating func resume(_ replica: Int) {
    replicas[replica].pauses -= 1
    guard replicas[replica].pauses == 0 else { return }
    replicas[replica].pausedTotal += now - replicas[replica].pausedAt
    let total = replicas[replica].pausedTotal
    for attempt in 0..<attempts.count
    where Int(attempts[attempt].replica) == replica && attempts[attempt].phase == .running
      && attempts[attempt].finishAt <= now
    {
      postpone(attempt, by: total - attempts[attempt].pausedSeen)
    }
    startQueued(replica)
  }

  private mutating func list(_ replica: Int, isThere: Bool) {
    let service = replicas[replica].service
    let endpoint = replica - services[service].firstReplica
    for edge in plan.edges where edge.target == service {
      for link in edge.firstLink..<edge.firstLink + edge.linkCount {
        links[link].list(endpoint, isThere: isThere, now: instant)
      }
    }
  }
}
