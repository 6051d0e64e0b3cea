import Glibc

/// Standard output, as a terminal or as what it was redirected to.
package enum Terminal {
  /// Standard output is a terminal.
  package static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Standard error is a terminal that knows sequences.
  package static var showsErrors: Bool {
    isatty(STDERR_FILENO) == 1 && ThisProcess.environment("TERM") != "dumb"
  }

  /// Unless `NO_COLOR` is set to anything (no-color.org), or the terminal knows no sequences.
  package static var wantsColour: Bool {
    ThisProcess.environment("NO_COLOR")?.isEmpty ?? true
      && ThisProcess.environment("TERM") != "dumb"
  }

  /// How much it shows now; nil where it does not say.
  package static var size: (columns: Int, rows: Int)? {
    var size = winsize()
    // SAFETY: the kernel fills the structure that the request names (tty_ioctl(4)).
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Writes at once, without the buffer that hides lines from a pipe; what cannot be written is
  /// lost.
  package static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      // SAFETY: the kernel reads as many bytes as the slice has.
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
      }
      if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
    }
  }
}
