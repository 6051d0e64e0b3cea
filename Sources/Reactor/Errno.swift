import Glibc

/// A kernel error number, as a value that prints its name.
public struct Errno: Error, Equatable, Sendable, CustomStringConvertible {
  package let number: Int32

  package init(_ number: Int32) {
    self.number = number
  }

  /// The peer has reset what it was sent.
  package static var connectionReset: Errno { Errno(ECONNRESET) }

  /// There is no memory for it.
  package static var outOfMemory: Errno { Errno(ENOMEM) }

  /// The calling thread's `errno`; read it before another call can change it.
  package static var current: Errno { Errno(errno) }

  /// The process or the system is out of descriptors (accept(2)).
  package var isDescriptorExhaustion: Bool { number == EMFILE || number == ENFILE }
  /// Nobody listens there: refused, or a Unix-domain path that is not there.
  package var isConnectionRefused: Bool { number == ECONNREFUSED || number == ENOENT }
  /// The system has no memory for it (socket(2), connect(2)), or may watch no further descriptor
  /// (epoll_ctl(2): ENOSPC).
  package var isMemoryExhaustion: Bool {
    number == ENOBUFS || number == ENOMEM || number == ENOSPC
  }
  package var isTimeout: Bool { number == ETIMEDOUT }
  package var isAddressInUse: Bool { number == EADDRINUSE }
  /// The machine has no such address (bind(2)).
  package var isAddressMissing: Bool { number == EADDRNOTAVAIL }
  /// There is no such file or folder.
  package var isMissing: Bool { number == ENOENT || number == ENOTDIR }
  package var isDirectory: Bool { number == EISDIR }
  package var isPermissionDenied: Bool { number == EACCES || number == EPERM }
  package var wouldBlock: Bool { number == EAGAIN }

  public var description: String {
    // SAFETY: strerror returns a C string that stays valid until the thread's next call.
    unsafe String(cString: strerror(number))
  }
}
