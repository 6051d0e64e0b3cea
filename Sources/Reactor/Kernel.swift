import Primitives

/// Every call that a loop and its sources make to the operating system, and the two clocks.
///
/// Why a class to override: `LinuxKernel` makes the calls; a test's kernel replays a script or
/// plays a whole network in virtual time, under the very same listeners, connections and
/// exchanges. One indirect call a system call, nothing generic. One instance a loop.
/// Errors: a peer's or the system's trouble is returned; a call on a descriptor that is not open
/// is a broken invariant and traps.
open class Kernel {
  package init() {}

  // MARK: Clocks

  open func now() -> Instant { Self.absent() }
  /// Nanoseconds since 1970, for logs.
  open func unixNanoseconds() -> Int64 { Self.absent() }

  // MARK: Readiness

  open func makeWakeup() throws(Errno) -> Int32 { Self.absent() }
  /// Watches for edges until `unwatch`. `isExclusive`: of several loops only one is woken.
  open func watch(
    _ descriptor: Int32, _ interest: Readiness, token: UInt64, isExclusive: Bool
  ) throws(Errno) { Self.absent() }
  open func unwatch(_ descriptor: Int32) { Self.absent() }
  /// Replaces `events` by what is ready; waits until `deadline` for the first. `now` is the time
  /// the caller knows of.
  open func wait(until deadline: Instant, from now: Instant, into events: inout [ReadyEvent]) {
    Self.absent()
  }

  // MARK: Listeners

  /// A bound, listening socket. `isShared`: SO_REUSEPORT, for one a worker; a Unix-domain path is
  /// taken over from the listener of this process that has it. `mode`: of that path's file, before
  /// anybody can connect; nil: as the umask has it.
  open func listen(
    on address: SocketAddress, backlog: Int32, isShared: Bool, mode: UInt32? = nil
  ) throws(Errno) -> Int32 { Self.absent() }
  /// The next connection that waits, or the errno: EAGAIN when there is none.
  open func accept(_ descriptor: Int32) throws(Errno) -> AcceptedSocket { Self.absent() }

  // MARK: Connections

  /// Begins to connect; writable or broken tells the end, `connectFailure` which.
  open func connect(to address: SocketAddress) throws(Errno) -> Int32 { Self.absent() }
  /// Why an ended connection attempt failed; nil when it is connected.
  open func connectFailure(_ descriptor: Int32) -> Errno? { Self.absent() }
  /// Sets what every connection wants: TCP_NODELAY, keepalive, TCP_USER_TIMEOUT.
  /// `stallNanoseconds`: how long the caller itself lets the peer take nothing; the kernel, which
  /// cannot say why it cut a connection, must wait longer.
  open func tune(_ descriptor: Int32, stallNanoseconds: Int64) { Self.absent() }
  /// Receives at most `most` bytes behind the buffer's written ones; `most` must be above 0.
  open func receive(_ descriptor: Int32, into buffer: Buffer, upTo most: Int) -> IOResult {
    Self.absent()
  }
  /// Sends the buffer's readable bytes; the caller consumes what was sent.
  open func send(_ descriptor: Int32, from buffer: Buffer) -> IOResult { Self.absent() }
  /// Ends our sending direction.
  open func shutdownSend(_ descriptor: Int32) { Self.absent() }
  /// Makes the coming `close` send a reset.
  open func resetOnClose(_ descriptor: Int32) { Self.absent() }
  open func close(_ descriptor: Int32) { Self.absent() }
  open func localAddress(_ descriptor: Int32) -> SocketAddress? { Self.absent() }

  private static func absent() -> Never {
    preconditionFailure("this kernel does not make that call")
  }
}
