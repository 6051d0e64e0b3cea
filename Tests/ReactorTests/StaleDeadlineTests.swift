import Primitives
import Reactor
import Testing
import WeirTesting

/// Deadlines that pass in one turn, whose callbacks change each other's sources.
struct StaleDeadlineTests {
  private final class Source: EventSource {
    var passed = 0
    var act: () -> Void = {}

    override func deadlinePassed() {
      passed += 1
      act()
    }
  }

  private func loop() throws -> (EventLoop, SimulatedNetwork) {
    let network = SimulatedNetwork(seed: 1)
    return (try EventLoop(kernel: network), network)
  }

  private func add(_ loop: EventLoop, _ network: SimulatedNetwork) throws -> Source {
    let source = Source()
    try loop.add(source, on: try network.makeWakeup())
    return source
  }

  /// Which of two that are due comes first is the wheel's business: each acts on the other.
  private func pair() throws -> (EventLoop, SimulatedNetwork, Source, Source) {
    let (loop, network) = try loop()
    let sources = (try add(loop, network), try add(loop, network))
    for source in [sources.0, sources.1] {
      loop.arm(source, at: loop.now.advanced(by: .milliseconds(5)))
    }
    return (loop, network, sources.0, sources.1)
  }

  private func turn(_ loop: EventLoop, _ milliseconds: Int) {
    let end = loop.now.advanced(by: .milliseconds(milliseconds))
    while loop.now < end { loop.turn(waitingUntil: end) }
  }

  @Test func spareWhoWasArmedAnew() throws {
    let (loop, _, one, two) = try pair()
    let later = loop.now.advanced(by: .milliseconds(50))
    one.act = { if two.passed == 0 { loop.arm(two, at: later) } }
    two.act = { if one.passed == 0 { loop.arm(one, at: later) } }
    turn(loop, 20)
    #expect(one.passed + two.passed == 1)
    turn(loop, 60)
    #expect(one.passed == 1 && two.passed == 1)
  }

  @Test func spareWhoWasDisarmed() throws {
    let (loop, _, one, two) = try pair()
    one.act = { loop.disarm(two) }
    two.act = { loop.disarm(one) }
    turn(loop, 60)
    #expect(one.passed + two.passed == 1)
  }

  @Test func spareTheSuccessorInTheSlot() throws {
    let (loop, network, one, two) = try pair()
    let next = Source()
    func replace(_ source: Source) {
      loop.close(source)
      do {
        try loop.add(next, on: try network.makeWakeup())
      } catch {
        Issue.record("\(error)")
      }
    }
    one.act = { replace(two) }
    two.act = { replace(one) }
    turn(loop, 60)
    #expect(one.passed + two.passed == 1)
    #expect(next.passed == 0)
  }
}
