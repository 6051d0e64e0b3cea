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

  /// Processors that this process may run on: its affinity, which a cpuset narrows too.
  package static var processorCount: Int {
    let count = Int(weir_allowed_processors())
    return count > 0 ? count : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }
  package static var clockTicksPerSecond: Int { max(1, Int(sysconf(Int32(_SC_CLK_TCK)))) }
  package static var pageBytes: Int { max(1, Int(sysconf(Int32(_SC_PAGESIZE)))) }

  /// What this machine is called; in Kubernetes the pod's name. Empty where it does not say.
  package static var hostName: String {
    var name = utsname()
    // SAFETY: the call fills the structure, whose text ends in a zero.
    guard unsafe uname(&name) == 0 else { return "" }
    // SAFETY: the bytes are read while the structure lives.
    return unsafe withUnsafeBytes(of: name.nodename) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// Lets the calling thread give way to those of the loops, for good. Once a thread; for Dispatch's,
  /// whose work waits without harm, where a worker's turn does not.
  package static func giveWay() {
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
  }

  /// Gives back the memory of the program's code and constants that were needed to start and hardly are
  /// again; what is needed comes back from the page cache, 64 KiB at a time (decision 0019). Any thread,
  /// once, when all runs.
  package static func forgetStart() { weir_forget_program_pages() }

  /// Stops the process until it is told to go on, as control-Z does to every job; returns then.
  package static func stopAsJob() { _ = Glibc.kill(0, SIGTSTP) }

  /// Ends the process now, without running what waits.
  package static func exit(_ code: Int32) -> Never { Glibc.exit(code) }

  /// Writes to standard error; what cannot be written is lost.
  package static func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    // SAFETY: the array lends its bytes for the call.
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Writes a line over the last one of a terminal on standard error; empty: clears it.
  package static func sayInPlace(_ text: String) {
    let bytes = Array("\r\u{1B}[K\(text)".utf8)
    // SAFETY: the array lends its bytes for the call.
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Standard error takes a short line without waiting.
  package static var maySay: Bool { hasRoom(STDERR_FILENO, waitMilliseconds: 0) }

  /// `descriptor` can be written to, or has an error to tell, now or within that time.
  static func hasRoom(_ descriptor: Int32, waitMilliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    // SAFETY: `entry` outlives the call.
    return unsafe poll(&entry, 1, waitMilliseconds) > 0
  }

  /// Nanoseconds since 1970, where there is no kernel to ask.
  package static var unixNanoseconds: Int64 {
    var time = timespec()
    // SAFETY: `time` outlives the call.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Another descriptor of the same open socket.
  package static func duplicate(_ descriptor: Int32) throws(Errno) -> Int32 {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw Errno.current }
    return copy
  }
}
