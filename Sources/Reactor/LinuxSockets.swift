import CLinux
import Glibc
import Primitives

/// The socket half of `LinuxKernel`: plain system calls, EINTR retried here.
///
/// Errors that only a bug of ours can cause (EBADF, EFAULT, ENOTSOCK) trap.
public class LinuxSockets: Kernel {
  // MARK: Listeners

  public final override func listen(
    on address: SocketAddress, backlog: Int32, isShared: Bool, mode: UInt32?
  ) throws(Errno) -> Int32 {
    let raw = try RawAddress(address)
    let descriptor = weir_socket(raw.family)
    guard descriptor >= 0 else { throw Errno.current }
    if case .unix(let path) = address {
      if isShared { UnixPath.replace(path) } else { UnixPath.removeStale(path, raw) }
    } else {
      set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
      if isShared { set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
      if raw.family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
    }
    // SAFETY: the address outlives the call.
    let bound = unsafe raw.withPointer { unsafe Glibc.bind(descriptor, $0, $1) }
    // Between the two: who connects before listen(2) is refused, so nobody slips in under a wider mode.
    let isModeSet = bound == 0 && (mode.map { UnixPath.setMode(address, $0) } ?? true)
    guard isModeSet, Glibc.listen(descriptor, backlog) == 0 else {
      let error = Errno.current
      _ = Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  public final override func accept(_ descriptor: Int32) throws(Errno) -> AcceptedSocket {
    var storage = sockaddr_storage()
    var length: socklen_t = 0
    while true {
      // SAFETY: both outlive the call, which writes at most `length` bytes.
      let accepted = unsafe weir_accept(descriptor, &storage, &length)
      if accepted >= 0 {
        return AcceptedSocket(
          descriptor: accepted, peer: RawAddress.read(storage, length: length))
      }
      // ECONNABORTED and EPROTO: that one connection died in the queue; the next may be fine.
      let error = Errno.current
      if error.number != EINTR, error.number != ECONNABORTED, error.number != EPROTO {
        throw error
      }
    }
  }

  // MARK: Connections

  public final override func connect(to address: SocketAddress) throws(Errno) -> Int32 {
    let raw = try RawAddress(address)
    let descriptor = weir_socket(raw.family)
    guard descriptor >= 0 else { throw Errno.current }
    // SAFETY: the address outlives the call.
    let result = unsafe raw.withPointer { unsafe Glibc.connect(descriptor, $0, $1) }
    // EAGAIN: a Unix-domain listener's queue is full; it is not in progress (connect(2)).
    if result != 0, errno != EINPROGRESS, errno != EINTR {
      let error = Errno.current
      _ = Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  public final override func connectFailure(_ descriptor: Int32) -> Errno? {
    var number: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    // SAFETY: both outlive the call.
    let result = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
    if result != 0 { return Errno.current }
    return number == 0 ? nil : Errno(number)
  }

  /// Keepalive after 60 s, then every 10 s; data that is not taken ends a connection 30 s after the
  /// caller's own clock should have. TCP_USER_TIMEOUT counts a closed window's probes too (tcp(7)),
  /// so a shorter one would reset slow readers that the caller still allows. Sources: Istio's default `tcp_keepalive` leaves the kernel's 2 h, too long to see
  /// a dead node; RFC 5482 §3.1 (TCP_USER_TIMEOUT); Cloudflare's 2020 account of both.
  public final override func tune(_ descriptor: Int32, stallNanoseconds: Int64) {
    let tcp = Int32(IPPROTO_TCP)
    guard set(descriptor, tcp, TCP_NODELAY, 1) else { return }
    set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
    set(descriptor, tcp, TCP_KEEPIDLE, 60)
    set(descriptor, tcp, TCP_KEEPINTVL, 10)
    set(descriptor, tcp, TCP_KEEPCNT, 3)
    let most = stallNanoseconds.addingReportingOverflow(Self.userTimeoutMargin)
    set(
      descriptor, tcp, TCP_USER_TIMEOUT,
      most.overflow ? .max : Int32(clamping: most.partialValue / 1_000_000))
  }

  private static let userTimeoutMargin: Int64 = 30_000_000_000

  public final override func receive(
    _ descriptor: Int32, into buffer: Buffer, upTo most: Int
  ) -> IOResult {
    precondition(most > 0 && buffer.writableCount > 0, "a receive needs room")
    let count = unsafe buffer.fill(upTo: most) { space in
      // SAFETY: `space` is the buffer's writable part.
      unsafe weir_receive(descriptor, space.baseAddress, space.count)
    }
    if count > 0 { return .bytes(count) }
    return count == 0 ? .endOfStream : Self.failure(count)
  }

  public final override func send(_ descriptor: Int32, from buffer: Buffer) -> IOResult {
    precondition(!buffer.isEmpty, "nothing to send")
    let count = unsafe buffer.drain { bytes in
      // SAFETY: `bytes` is the buffer's readable part.
      unsafe weir_send(descriptor, bytes.baseAddress, bytes.count)
    }
    return count > 0 ? .bytes(count) : Self.failure(count)
  }

  public final override func shutdownSend(_ descriptor: Int32) {
    // ENOTCONN: the peer has reset the connection; the next receive says so.
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  public final override func resetOnClose(_ descriptor: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    // SAFETY: `option` outlives the call.
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  public final override func close(_ descriptor: Int32) {
    // Linux closes the descriptor whatever it answers, EINTR included.
    if Glibc.close(descriptor) != 0 {
      precondition(errno != EBADF, "a descriptor was closed twice")
    }
  }

  public final override func localAddress(_ descriptor: Int32) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      // SAFETY: a sockaddr_storage holds every kind of address.
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    return result == 0 ? RawAddress.read(storage, length: length) : nil
  }

  /// `code`: a negative errno.
  private static func failure(_ code: Int) -> IOResult {
    let error = Errno(Int32(-code))
    switch error.number {
    case EAGAIN: return .wouldBlock
    // The kernel is short of memory for this call; a deadline ends it if that stays so.
    case ENOBUFS, ENOMEM: return .wouldBlock
    case EBADF, EFAULT, ENOTSOCK: preconditionFailure("a call on a bad socket: \(error)")
    default: return .failed(error)
    }
  }

  @discardableResult
  private final func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32)
    -> Bool
  {
    var value = value
    // SAFETY: `value` outlives the call.
    let result = unsafe setsockopt(
      descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    return result == 0
  }
}
