import Primitives

/// A deadline that belongs to no connection: calls `beat` once each time it is armed and comes due.
package final class Heartbeat: EventSource {
  private let loop: EventLoop
  private let beat: () -> Void
  package private(set) var isArmed = false

  /// Takes a descriptor (an eventfd that nobody signals) to have a place in the loop.
  package init(on loop: EventLoop, _ beat: @escaping () -> Void) throws(Errno) {
    self.loop = loop
    self.beat = beat
    super.init()
    try loop.add(self, on: try loop.kernel.makeWakeup(), watching: .readable)
  }

  package func arm(at deadline: Instant) {
    isArmed = true
    loop.arm(self, at: deadline)
  }

  package override func deadlinePassed() {
    isArmed = false
    beat()
  }
}
