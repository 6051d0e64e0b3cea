import CLinux
import Glibc

/// An eventfd that wakes a loop.
enum Wakeup {
  static func make() throws(Errno) -> Int32 {
    let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    guard descriptor >= 0 else { throw Errno.current }
    return descriptor
  }

  static func signal(_ descriptor: Int32) {
    // EAGAIN means the counter is at its top: the loop is already due to wake.
    _ = eventfd_write(descriptor, 1)
  }

  static func clear(_ descriptor: Int32) {
    var count: eventfd_t = 0
    // SAFETY: `count` outlives the call.
    _ = unsafe eventfd_read(descriptor, &count)
  }
}
