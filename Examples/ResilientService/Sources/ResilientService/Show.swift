import Resilience

/// The parts of the example, one kind of weather each. Each says what happened and fails if it is
/// not what the policies promise.
struct Show {
  private let service = PrescriptionService()
  private let client: PrescriptionClient
  private let reads = 100

  init() {
    client = PrescriptionClient(service: service) { transition in
      print("  breaker: \(transition.from.rawValue) → \(transition.to.rawValue)")
    }
  }

  func run() async throws {
    try await fair()
    try await losing()
    try await stalling()
    try await dispensing()
    try await down()
    try await recovering()
  }

  private func fair() async throws {
    title("fair weather")
    service.set(.fair)
    let answered = await answers(reads)
    say("\(answered) of \(reads) reads answered")
    try promise(answered == reads, "nothing is refused in fair weather")
  }

  private func losing() async throws {
    title("every tenth connection is lost")
    service.set(.losing(every: 10))
    let answered = await answers(reads)
    say("\(answered) of \(reads) reads answered by \(service.calls) calls: retries mended the rest")
    try promise(answered == reads, "a read that lost its connection is made again")
    try promise(service.calls > reads, "there was something to retry")
  }

  private func stalling() async throws {
    title("every 50th call takes a hundred times as long")
    service.set(.stalling(every: 50))
    let times = await times(reads)
    say(
      "\(times.count) of \(reads) reads answered by \(service.calls) calls: the slow were hedged")
    say("the slowest took \(times.last ?? .zero)")
    try promise(times.count == reads, "a slow call is no failure")
    try promise(service.calls > reads, "slow calls were made a second time beside the first")
  }

  private func dispensing() async throws {
    title("connections are lost while dispensing")
    service.set(.losing(every: 3))
    var unsure = 0
    for number in 0..<31 {
      do { try await client.dispense("rx-\(number)") } catch is ConnectionLost { unsure += 1 }
    }
    say(
      "31 dispensed, \(unsure) of them without an answer, none more than \(service.mostDispenses) ×"
    )
    try promise(unsure == 10 && service.calls == 31, "a dispense is attempted once")
    try promise(service.mostDispenses == 1, "nothing is dispensed twice")
  }

  private func down() async throws {
    title("the service is down")
    service.set(.down)
    var refusals = 0
    for number in 0..<reads {
      do {
        _ = try await client.prescription("rx-\(number)")
      } catch is CircuitBreakerOpen {
        refusals += 1
      } catch is ConnectionLost {}
    }
    say("\(refusals) of \(reads) reads refused at once, \(service.calls) calls reached the service")
    try promise(client.breaker.state == .open, "the breaker is open")
    try promise(refusals == reads - 5, "it opened after five calls in a row had failed")
    try promise(service.calls <= 30, "a read is at most three attempts, each hedged once")
  }

  private func recovering() async throws {
    title("the service is back")
    service.set(.fair)
    try await Task.sleep(for: .milliseconds(1300))
    let answered = await answers(reads)
    say("\(answered) of \(reads) reads answered")
    try promise(answered == reads && client.breaker.state == .closed, "the probes closed it")
  }

  private func answers(_ count: Int) async -> Int {
    await times(count).count
  }

  /// The times of the reads that were answered, in order.
  private func times(_ count: Int) async -> [Duration] {
    let clock = ContinuousClock()
    var times: [Duration] = []
    for number in 0..<count {
      let began = clock.now
      guard (try? await client.prescription("rx-\(number)")) != nil else { continue }
      times.append(clock.now - began)
    }
    return times.sorted()
  }

  private func title(_ text: String) { print(text) }
  private func say(_ text: String) { print("  \(text)") }

  private func promise(_ isKept: Bool, _ text: String) throws {
    if !isKept { throw PromiseBroken(promise: text) }
  }
}
