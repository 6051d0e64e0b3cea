import CLinux
import Glibc

/// Whole small files, and what tells two versions of one apart. Blocking: for Dispatch and start-up.
package enum SystemFile {
  /// Who a file is and how it stands: a ConfigMap's symlink swap changes the inode.
  package struct Stamp: Equatable, Sendable {
    var device: UInt
    var inode: UInt
    var size: Int
    var seconds: Int
    var nanoseconds: Int
  }

  /// The content; EFBIG above `most` bytes.
  package static func read(_ path: String, upTo most: Int = 16 << 20) throws(Errno) -> [UInt8] {
    // SAFETY: the path lives through the call.
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno.current }
    defer { _ = close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe block.withUnsafeMutableBytes { space in
        // SAFETY: `space` is the block.
        unsafe Glibc.read(descriptor, space.baseAddress, space.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw Errno.current
      }
      if count == 0 { return bytes }
      bytes += block[0..<count]
      guard bytes.count <= most else { throw Errno(EFBIG) }
    }
  }

  /// Makes a file of these bytes, or replaces what it held.
  package static func write(_ path: String, _ bytes: [UInt8]) throws(Errno) {
    // SAFETY: the path lives through the call.
    let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Errno.current }
    defer { _ = close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { space in
        // SAFETY: `space` is the array, and `written` is below its count.
        unsafe Glibc.write(descriptor, space.baseAddress! + written, space.count - written)
      }
      if count < 0, errno != EINTR { throw Errno.current }
      written += max(count, 0)
    }
  }

  /// Nil: there is no such file.
  package static func stamp(_ path: String) -> Stamp? {
    var status = stat()
    // SAFETY: both outlive the call.
    guard unsafe stat(path, &status) == 0 else { return nil }
    return Stamp(
      device: UInt(status.st_dev), inode: UInt(status.st_ino), size: Int(status.st_size),
      seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }

  package static func setMode(_ path: String, _ mode: UInt32) throws(Errno) {
    // SAFETY: the path lives through the call.
    guard unsafe chmod(path, mode) == 0 else { throw Errno.current }
  }

  package static func remove(_ path: String) {
    // SAFETY: the path lives through the call.
    _ = unsafe unlink(path)
  }

  /// Entries of a directory, "." and ".." left out; 0 where it cannot be read.
  package static func entryCount(_ path: String) -> Int {
    // SAFETY: the handle is closed before it leaves this scope.
    guard let directory = unsafe opendir(path) else { return 0 }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    return max(count - 2, 0)
  }
}
