import Glibc

/// The file of a Unix-domain listener.
enum UnixPath {
  /// Removes a socket file, which would fail bind(2) with EADDRINUSE. Whether somebody still serves
  /// it is the caller's to know.
  static func removeStale(_ path: String) {
    guard !path.hasPrefix("@") else { return }
    var status = stat()
    // SAFETY: `status` outlives the call.
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    _ = unsafe unlink(path)
  }
}
