import Glibc
import Primitives
import Synchronization

/// A file that lines are appended to, a FIFO, or standard output. Blocking: for a Dispatch queue
/// only, and bounded: a reader that takes nothing for `patience` loses what was to be written.
package final class LogFile: @unchecked Sendable {
  // SAFETY: used by the one serial queue that writes, but for `isGivenUp`.
  private let path: String
  private var descriptor: Int32
  /// A regular file never makes its writer wait for a reader.
  private var mayStall: Bool
  private let isGivenUp = Atomic<Bool>(false)

  /// Waits of 100 ms each: as long as a log shipper takes to be restarted.
  private static let patience = 50
  private static let waitMilliseconds: Int32 = 100
  /// Where poll(2) says that there is room, a pipe takes this much without waiting (PIPE_BUF).
  private static let pieceBytes = 4096

  /// `path`: "-" is standard output.
  package init(path: String) throws(Errno) {
    self.path = path
    descriptor = try Self.open(path)
    mayStall = Self.mayStall(descriptor)
  }

  deinit {
    if path != "-" { _ = close(descriptor) }
  }

  /// Writes the buffer's readable bytes. False: not all of them (a full disk, a closed pipe, a
  /// reader that stalls); those that were written are consumed.
  package func write(_ buffer: Buffer) -> Bool {
    var waits = 0
    while !buffer.isEmpty {
      if mayStall, !hasRoom() {
        waits += 1
        if waits > Self.patience || isGivenUp.load(ordering: .relaxed) { return false }
        continue
      }
      let most = mayStall ? Self.pieceBytes : Int.max
      let count = unsafe buffer.drain { bytes in
        // SAFETY: `bytes` is the buffer's readable part.
        unsafe Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, most))
      }
      if count > 0 {
        waits = 0
        buffer.consume(count)
      } else if errno == EAGAIN, waits < Self.patience {
        waits += 1
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }

  /// From here on nothing is waited for. Any thread.
  package func giveUp() {
    isGivenUp.store(true, ordering: .relaxed)
  }

  /// Opens the path again, for a file that was moved away. On an error the old file stays in use.
  package func reopen() throws(Errno) {
    guard path != "-" else { return }
    let fresh = try Self.open(path)
    _ = close(descriptor)
    descriptor = fresh
    mayStall = Self.mayStall(fresh)
  }

  private func hasRoom() -> Bool {
    let wait = isGivenUp.load(ordering: .relaxed) ? 0 : Self.waitMilliseconds
    return ThisProcess.hasRoom(descriptor, waitMilliseconds: wait)
  }

  private static func mayStall(_ descriptor: Int32) -> Bool {
    var status = stat()
    // SAFETY: `status` outlives the call.
    return unsafe fstat(descriptor, &status) != 0 || status.st_mode & S_IFMT != S_IFREG
  }

  private static func open(_ path: String) throws(Errno) -> Int32 {
    if path == "-" { return STDOUT_FILENO }
    var flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC
    var status = stat()
    // SAFETY: both outlive the call.
    if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO {
      // Opened both ways a FIFO neither waits for its reader nor breaks when it leaves (fifo(7)).
      flags = O_RDWR | O_NONBLOCK | O_CLOEXEC
    }
    // SAFETY: the path lives through the call.
    let descriptor = unsafe Glibc.open(path, flags, 0o644)
    guard descriptor >= 0 else { throw Errno.current }
    return descriptor
  }
}
