import Glibc

/// Standard input as keys: one at a time, not shown as they are typed, and never waited for.
///
/// ```
/// as it was ──(init, take)── raw ──(restore, deinit)── as it was
/// ```
///
/// Control-C stays a signal, so that whoever ends the process on one ends it as ever; control-\ means
/// nothing and control-Z is a byte like others, because they would leave the terminal as it is now:
/// who reads it restores the terminal first. The descriptor's flags
/// stay too: standard output is the same open file, and must not begin to refuse what it is given.
/// Confinement: its owner's thread.
package final class RawTerminal {
  private let before: termios
  private let raw: termios
  private var isRaw = false

  package static let descriptor = STDIN_FILENO

  /// Nil where standard input is no terminal, or belongs to another job.
  package init?() {
    guard isatty(STDIN_FILENO) == 1, tcgetpgrp(STDIN_FILENO) == getpgrp() else { return nil }
    var attributes = termios()
    // SAFETY: the call fills the structure.
    guard unsafe tcgetattr(STDIN_FILENO, &attributes) == 0 else { return nil }
    before = attributes
    attributes.c_lflag &= ~tcflag_t(ICANON | ECHO)
    // Linux's _POSIX_VDISABLE, a macro with a cast: no character has that meaning.
    let off: UInt8 = 0
    // SAFETY: the array of control characters is longer than each of these numbers (termios(3)).
    unsafe withUnsafeMutableBytes(of: &attributes.c_cc) { characters in
      // A read returns what is there, or nothing, at once.
      unsafe characters[Int(VMIN)] = 0
      unsafe characters[Int(VTIME)] = 0
      unsafe characters[Int(VSUSP)] = off
      unsafe characters[Int(VQUIT)] = off
    }
    raw = attributes
    take()
    if !isRaw { return nil }
  }

  /// Raw, at once; what it is already.
  package func take() {
    guard !isRaw else { return }
    var attributes = raw
    // SAFETY: the call reads the structure.
    isRaw = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &attributes) == 0
  }

  deinit { restore() }

  /// As it was. Once; later calls do nothing.
  package func restore() {
    guard isRaw else { return }
    isRaw = false
    var attributes = before
    // SAFETY: the call reads the structure. What was typed and not read is dropped.
    _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &attributes)
  }

  /// What was typed since the last call; nothing where nothing was. Nil: the terminal is gone.
  package func read() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 64)
    while true {
      // SAFETY: the kernel writes at most as many bytes as the array has.
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count)
      }
      if count >= 0 { return Array(bytes.prefix(count)) }
      if errno == EAGAIN { return [] }
      if errno != EINTR { return nil }
    }
  }
}
