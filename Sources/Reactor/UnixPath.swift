import CLinux
import Glibc
import Primitives

/// The file of a Unix-domain listener.
enum UnixPath {
  /// Removes a socket file that nobody serves any more, which would fail bind(2) with EADDRINUSE.
  /// One that takes a connection is left, for bind(2) to say so.
  static func removeStale(_ path: String, _ address: RawAddress) {
    guard isSocket(path), !isLive(address) else { return }
    // SAFETY: the path lives through the call.
    _ = unsafe unlink(path)
  }

  /// Removes the socket file even of one who serves it: an earlier listener of this process.
  static func replace(_ path: String) {
    guard isSocket(path) else { return }
    // SAFETY: the path lives through the call.
    _ = unsafe unlink(path)
  }

  /// True where that was done, or where there is no file; else errno says why not.
  static func setMode(_ address: SocketAddress, _ mode: UInt32) -> Bool {
    guard let path = address.path else { return true }
    // SAFETY: the path lives through the call.
    return unsafe chmod(path, mode) == 0
  }

  private static func isSocket(_ path: String) -> Bool {
    guard !path.hasPrefix("@") else { return false }
    var status = stat()
    // SAFETY: `status` outlives the call.
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  private static func isLive(_ address: RawAddress) -> Bool {
    let probe = weir_socket(address.family)
    guard probe >= 0 else { return true }
    defer { _ = close(probe) }
    // SAFETY: the address outlives the call.
    let result = unsafe address.withPointer { unsafe connect(probe, $0, $1) }
    // EAGAIN: it listens, and its queue is full.
    return result == 0 || errno == EAGAIN
  }
}
