import Glibc
import Primitives

/// A file that lines are appended to, or standard output. Blocking: for a Dispatch queue only.
package final class LogFile: @unchecked Sendable {
  // SAFETY: used by the one serial queue that writes.
  private let path: String
  private var descriptor: Int32

  /// `path`: "-" is standard output.
  package init(path: String) throws(Errno) {
    self.path = path
    descriptor = try Self.open(path)
  }

  deinit {
    if path != "-" { _ = close(descriptor) }
  }

  /// Writes the buffer's readable bytes. False: not all of them (a full disk, a closed pipe).
  package func write(_ buffer: Buffer) -> Bool {
    while !buffer.isEmpty {
      let count = unsafe buffer.drain { bytes in
        // SAFETY: `bytes` is the buffer's readable part.
        unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        return false
      }
      buffer.consume(count)
    }
    return true
  }

  /// Opens the path again, for a file that was moved away. On an error the old file stays in use.
  package func reopen() throws(Errno) {
    guard path != "-" else { return }
    let fresh = try Self.open(path)
    _ = close(descriptor)
    descriptor = fresh
  }

  private static func open(_ path: String) throws(Errno) -> Int32 {
    if path == "-" { return STDOUT_FILENO }
    // SAFETY: the path lives through the call.
    let descriptor = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Errno.current }
    return descriptor
  }
}
