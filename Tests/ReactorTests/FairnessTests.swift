import Primitives
import Reactor
import Testing

/// A source that always has more to do does not starve the others.
struct FairnessTests {
  private final class Busy: EventSource {
    var rounds = 0
    var again: () -> Void = {}

    override func resume() {
      rounds += 1
      again()
    }
  }

  private final class Patient: EventSource {
    var edges = 0
    override func ready(_ readiness: Readiness) { edges += 1 }
  }

  @Test func resumesOnceATurn() throws {
    let kernel = ScriptedKernel()
    let loop = try EventLoop(kernel: kernel)
    let busy = Busy()
    busy.again = { [unowned busy] in loop.resumeLater(busy) }
    let patient = Patient()
    try loop.add(busy, on: 5)
    try loop.add(patient, on: 6)
    let token = try #require(kernel.watched[6])
    loop.resumeLater(busy)
    loop.resumeLater(busy)
    for turn in 1...10 {
      kernel.events.append([ReadyEvent(token: token, readiness: .readable)])
      loop.turn(waitingUntil: loop.now)
      #expect(busy.rounds == turn && patient.edges == turn)
    }
  }
}
