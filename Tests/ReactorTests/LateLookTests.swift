import Primitives
import Reactor
import Testing

/// A process that stood still: what arrived meanwhile is told before deadlines are acted on.
struct LateLookTests {
  private final class Source: EventSource {
    var order: [String] = []
    let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    override func ready(_ readiness: Readiness) {
      order.append("answered")
      loop.disarm(self)
    }

    override func deadlinePassed() { order.append("timed out") }
  }

  /// More sources are ready than one wait tells of, and all of their deadlines have passed.
  @Test(arguments: [1, 256, 257, 1000]) func answersComeBeforeDeadlines(count: Int) throws {
    let kernel = ScriptedKernel()
    let loop = try EventLoop(kernel: kernel)
    let sources = (0..<count).map { _ in Source(loop) }
    for (index, source) in sources.enumerated() {
      try loop.add(source, on: Int32(1000 + index))
      loop.arm(source, at: loop.now.advanced(by: .milliseconds(5)))
    }
    var events = sources.compactMap { source in
      kernel.watched[source.descriptor].map { ReadyEvent(token: $0, readiness: .readable) }
    }
    // The pause: a minute in which the loop did not run.
    kernel.time = kernel.time.advanced(by: .seconds(60))
    while !events.isEmpty {
      kernel.events.append(Array(events.prefix(EventLoop.eventsPerTurnMax)))
      events.removeFirst(min(events.count, EventLoop.eventsPerTurnMax))
    }
    loop.turn(waitingUntil: loop.now)
    #expect(sources.allSatisfy { $0.order == ["answered"] })
  }

  /// Nothing came: the deadlines are acted on in the same turn, and who sends without a pause does
  /// not put them off.
  @Test(arguments: [false, true]) func deadlinesAreNotPutOff(busy: Bool) throws {
    let kernel = ScriptedKernel()
    let loop = try EventLoop(kernel: kernel)
    let quiet = Source(loop)
    let noisy = Source(loop)
    try loop.add(quiet, on: 1000)
    try loop.add(noisy, on: 1001)
    loop.arm(quiet, at: loop.now.advanced(by: .milliseconds(5)))
    kernel.time = kernel.time.advanced(by: .seconds(1))
    let noise = ReadyEvent(token: kernel.watched[1001] ?? 0, readiness: .readable)
    if busy {
      kernel.events = Array(
        repeating: Array(repeating: noise, count: EventLoop.eventsPerTurnMax), count: 100)
    }
    loop.turn(waitingUntil: loop.now)
    #expect(quiet.order == ["timed out"])
  }
}
