import Reactor

/// The keys of the terminal, on the demo's loop.
///
/// Confinement: its loop. `end` gives the terminal back; whoever made it calls that at every end.
package final class DemoKeyboard: EventSource {
  private let loop: EventLoop
  private let terminal: RawTerminal
  private var decoder = DemoKey.Decoder()
  private let pressed: (DemoKey) -> Void

  /// Nil where standard input is no terminal of ours: then there are no keys.
  init?(loop: EventLoop, pressed: @escaping (DemoKey) -> Void) {
    guard let terminal = RawTerminal() else { return nil }
    self.loop = loop
    self.terminal = terminal
    self.pressed = pressed
    super.init()
    do throws(Errno) {
      try loop.add(self, on: RawTerminal.descriptor, watching: .readable)
    } catch {
      terminal.restore()
      return nil
    }
  }

  package override func ready(_ readiness: Readiness) {
    while isOpen, let bytes = terminal.read(), !bytes.isEmpty {
      for byte in bytes {
        if let key = decoder.decode(byte) { pressed(key) }
      }
    }
  }

  func end() {
    if isOpen { _ = loop.release(self) }
    terminal.restore()
  }
}
