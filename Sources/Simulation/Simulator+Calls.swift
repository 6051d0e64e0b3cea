import Primitives

/// What a service calls while it works on a request.
extension Simulator {
  /// Begins all calls of the attempt's step; steps in which none is drawn are passed over.
  mutating func beginStep(_ attempt: Int) {
    let replica = Int(attempts[attempt].replica)
    let service = replicas[replica].service
    let generation = attempts[attempt].generation
    while Int(attempts[attempt].step) < services[service].steps.count {
      let step = Int(attempts[attempt].step)
      // One for this loop: a call may end before the next one begins.
      attempts[attempt].callsLeft = 1
      for index in services[service].steps[step].indices {
        let call = services[service].steps[step][index]
        if call.clients >> UInt64(attempts[attempt].client & 63) & 1 == 0 { continue }
        if call.share < 1, services[service].random.uniform() >= call.share { continue }
        attempts[attempt].callsLeft += 1
        begin(call, of: attempt, at: replica)
        guard isCalling(attempt, generation) else { return }
      }
      attempts[attempt].callsLeft -= 1
      if attempts[attempt].callsLeft > 0 { return }
      attempts[attempt].step += 1
    }
    endCalls(attempt, .ok)
  }

  private func isCalling(_ attempt: Int, _ generation: UInt32) -> Bool {
    attempts[attempt].generation == generation && attempts[attempt].phase == .calling
  }

  private mutating func begin(_ call: ServiceModel.Call, of attempt: Int, at replica: Int) {
    let caller = replica - services[replicas[replica].service].firstReplica
    let exchange = make(edge: call.edge, caller: caller, priority: attempts[attempt].priority)
    exchanges[exchange].client = attempts[attempt].client
    exchanges[exchange].parent = UInt32(attempt)
    exchanges[exchange].isOptional = call.isOptional
    exchanges[exchange].isIdempotent = call.isIdempotent
    exchanges[exchange].sibling = attempts[attempt].firstCall
    attempts[attempt].firstCall = UInt32(exchange)
    begin(exchange, deadline: attempts[attempt].deadline)
  }

  /// One of its calls has ended.
  mutating func endCall(_ attempt: Int, _ reason: Reason, isOptional: Bool, isDegraded: Bool) {
    if isDegraded || !reason.isOK { attempts[attempt].isDegraded = true }
    if !reason.isOK, !isOptional {
      abandonCalls(attempt)
      return endCalls(attempt, .status502)
    }
    attempts[attempt].callsLeft -= 1
    guard attempts[attempt].callsLeft == 0 else { return }
    attempts[attempt].step += 1
    beginStep(attempt)
  }

  private mutating func endCalls(_ attempt: Int, _ reason: Reason) {
    let replica = Int(attempts[attempt].replica)
    let isBlocking = services[replicas[replica].service].isBlocking
    answer(attempt, reason)
    if isBlocking { release(replica) }
  }

  // MARK: The list of calls

  mutating func detach(_ exchange: Int, from attempt: Int) {
    var before = Int(attempts[attempt].firstCall)
    guard before != exchange else {
      attempts[attempt].firstCall = exchanges[exchange].sibling
      return
    }
    while Int(exchanges[before].sibling) != exchange { before = Int(exchanges[before].sibling) }
    exchanges[before].sibling = exchanges[exchange].sibling
  }

  mutating func abandonCalls(_ attempt: Int) {
    while attempts[attempt].firstCall != SimulatedExchange.none {
      let exchange = Int(attempts[attempt].firstCall)
      attempts[attempt].firstCall = exchanges[exchange].sibling
      abandon(exchange)
    }
  }
}
