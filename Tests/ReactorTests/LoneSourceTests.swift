import Primitives
import Reactor
import Testing
import WeirTesting

/// Sources without a descriptor: several exchanges of one connection have deadlines and turns of their own.
struct LoneSourceTests {
  private final class Source: EventSource {
    var passed: [Instant] = []
    var resumed = 0
    let loop: EventLoop
    var act: () -> Void = {}

    init(_ loop: EventLoop) {
      self.loop = loop
      super.init()
    }

    override func deadlinePassed() {
      passed.append(loop.now)
      act()
    }

    override func resume() {
      resumed += 1
      act()
    }
  }

  private func loop() throws -> EventLoop { try EventLoop(kernel: SimulatedNetwork(seed: 1)) }

  private func turn(_ loop: EventLoop, _ milliseconds: Int) {
    let end = loop.now.advanced(by: .milliseconds(milliseconds))
    while loop.now < end { loop.turn(waitingUntil: end) }
  }

  @Test func eachHasItsOwnDeadline() throws {
    let loop = try loop()
    let sources = (0..<3).map { _ in Source(loop) }
    for (number, source) in sources.enumerated() {
      loop.add(source)
      #expect(source.isAdded && !source.isOpen)
      loop.arm(source, at: loop.now.advanced(by: .milliseconds(10 * (number + 1))))
    }
    loop.disarm(sources[1])
    let start = loop.now
    turn(loop, 100)
    #expect(sources.map(\.passed.count) == [1, 0, 1])
    #expect(sources[0].passed[0].duration(since: start) < .milliseconds(20))
    #expect(sources[2].passed[0].duration(since: start) >= .milliseconds(30))
  }

  @Test func eachHasItsOwnTurn() throws {
    let loop = try loop()
    let one = Source(loop)
    let two = Source(loop)
    loop.add(one)
    loop.add(two)
    loop.resumeLater(one)
    loop.resumeLater(one)
    turn(loop, 1)
    #expect(one.resumed == 1 && two.resumed == 0)
  }

  @Test func whoIsRemovedHearsNothing() throws {
    let loop = try loop()
    let gone = Source(loop)
    loop.add(gone)
    loop.arm(gone, at: loop.now.advanced(by: .milliseconds(5)))
    loop.resumeLater(gone)
    loop.remove(gone)
    // Whoever takes its place hears nothing of its deadline either.
    let next = Source(loop)
    loop.add(next)
    turn(loop, 50)
    #expect(gone.passed.isEmpty && gone.resumed == 0 && !gone.isAdded)
    #expect(next.passed.isEmpty && next.resumed == 0)
  }

  @Test func aDeadlineMayRemoveItsNeighbour() throws {
    let loop = try loop()
    let one = Source(loop)
    let two = Source(loop)
    for source in [one, two] {
      loop.add(source)
      loop.arm(source, at: loop.now.advanced(by: .milliseconds(5)))
    }
    one.act = { if two.isAdded { loop.remove(two) } }
    two.act = { if one.isAdded { loop.remove(one) } }
    turn(loop, 50)
    #expect(one.passed.count + two.passed.count == 1)
  }

  @Test func aForgottenDeadlineCostsNoTurn() throws {
    let loop = try loop()
    let source = Source(loop)
    loop.add(source)
    loop.arm(source, at: loop.now.advanced(by: .milliseconds(5)))
    loop.forgetDeadline(of: source)
    let before = loop.turnNumber
    turn(loop, 50)
    #expect(source.passed.isEmpty && loop.turnNumber == before + 1)
  }
}
