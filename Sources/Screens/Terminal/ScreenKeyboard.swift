import Reactor

/// The keys of the terminal, on the loop of who shows a screen.
///
/// Control-Z gives the terminal back and stops the process, as every job is stopped; when it goes on,
/// the screen is taken again. Confinement: its loop. `end` gives the terminal back; whoever made it
/// calls that at every end.
package final class ScreenKeyboard: EventSource {
  private let loop: EventLoop
  private let terminal: RawTerminal
  private let write: (String) -> Void
  private var decoder = ScreenKey.Decoder()
  private let pressed: (ScreenKey) -> Void

  /// Nil where standard input is no terminal of ours: then there are no keys.
  /// - Parameters:
  ///   - write: puts text on the terminal at once.
  ///   - pressed: told of every key but control-Z.
  package init?(
    loop: EventLoop, write: @escaping (String) -> Void, pressed: @escaping (ScreenKey) -> Void
  ) {
    guard let terminal = RawTerminal() else { return nil }
    self.loop = loop
    self.terminal = terminal
    self.write = write
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
        if let key = decoder.decode(byte) { press(key) }
      }
    }
    if isOpen, let key = decoder.pause() { press(key) }
  }

  private func press(_ key: ScreenKey) {
    guard key == .suspend else { return pressed(key) }
    write(ScreenText.leave)
    terminal.restore()
    ThisProcess.stopAsJob()
    terminal.take()
    write(ScreenText.enter)
  }

  package func end() {
    if isOpen { _ = loop.release(self) }
    terminal.restore()
  }
}
