import CLinux
import Glibc

/// What the system says of this process.
package enum ThisProcess {
  package static func environment(_ name: String) -> String? {
    // SAFETY: the environment is changed by `setEnvironment` only, before threads run.
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// Call before other threads run: the environment is not locked.
  package static func setEnvironment(_ name: String, _ value: String) {
    // SAFETY: both strings live through the call, which copies them.
    _ = unsafe setenv(name, value, 1)
  }

  /// Raises the soft limit of descriptors to the hard one; the value in force, nil where unknown.
  package static func raiseDescriptorLimit() -> Int? {
    let limit = weir_raise_descriptor_limit()
    return limit < 0 ? nil : Int(limit)
  }

  /// Processors that this process may run on.
  package static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
  package static var clockTicksPerSecond: Int { max(1, Int(sysconf(Int32(_SC_CLK_TCK)))) }
  package static var pageBytes: Int { max(1, Int(sysconf(Int32(_SC_PAGESIZE)))) }

  /// Ends the process now, without running what waits.
  package static func exit(_ code: Int32) -> Never { Glibc.exit(code) }

  /// Writes to standard error; what cannot be written is lost.
  package static func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    // SAFETY: the array lends its bytes for the call.
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Another descriptor of the same open socket.
  package static func duplicate(_ descriptor: Int32) throws(Errno) -> Int32 {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw Errno.current }
    return copy
  }
}
