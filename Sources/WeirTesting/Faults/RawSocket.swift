import Glibc

/// A non-blocking TCP socket of 127.0.0.1 that a relay's thread owns; independent of the reactor
/// that is tested. Closed on exec, so that a reset is not kept back by a child's copy.
final class RawSocket {
  private(set) var descriptor: Int32

  enum Received: Equatable {
    case bytes([UInt8])
    case end
    case nothingYet
    case failed
  }

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    set(SOL_SOCKET, SO_REUSEADDR)
    set(Int32(IPPROTO_TCP), TCP_NODELAY)
  }

  deinit { close() }

  private func set(_ level: Int32, _ option: Int32) {
    var on: Int32 = 1
    // SAFETY: `on` outlives the call.
    _ = unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Bound to `port`, or to a free one where that is 0; does not listen.
  static func bound(to port: UInt16 = 0) throws -> (socket: RawSocket, port: UInt16) {
    let socket = RawSocket(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var address = sockaddr_in.loopback(port)
    let result = unsafe address.withPointer { raw in
      // SAFETY: getsockname writes at most `length` bytes, the address's own size.
      guard unsafe bind(socket.descriptor, raw, length) == 0 else { return Int32(-1) }
      return unsafe getsockname(socket.descriptor, raw, &length)
    }
    guard result == 0 else { throw BlockingSocket.Failure(call: "bind", number: errno) }
    return (socket, UInt16(bigEndian: address.sin_port))
  }

  func listen() throws {
    guard Glibc.listen(descriptor, 512) == 0 else {
      throw BlockingSocket.Failure(call: "listen", number: errno)
    }
  }

  /// On its way to `port`; whether it arrives shows in what it receives.
  static func connecting(to port: UInt16) -> RawSocket {
    let socket = RawSocket(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_in.loopback(port)
    // SAFETY: `raw` is a whole sockaddr_in.
    _ = unsafe address.withPointer { raw in
      unsafe connect(socket.descriptor, raw, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
    return socket
  }

  /// nil: nobody waits.
  func accept() -> RawSocket? {
    let accepted = Glibc.accept(descriptor, nil, nil)
    return accepted >= 0 ? RawSocket(accepted) : nil
  }

  func receive() -> Received {
    let most = 65_536
    var count = 0
    // SAFETY: recv writes at most the block's bytes and says how many.
    let block = unsafe [UInt8](unsafeUninitializedCapacity: most) { raw, initialized in
      count = unsafe recv(descriptor, raw.baseAddress, most, 0)
      initialized = max(0, count)
    }
    if count > 0 { return .bytes(block) }
    if count == 0 { return .end }
    return errno == EAGAIN || errno == EINTR ? .nothingYet : .failed
  }

  /// How many were taken; nil: the connection has failed.
  func send(_ bytes: ArraySlice<UInt8>) -> Int? {
    let count = unsafe bytes.withUnsafeBytes { raw in
      // SAFETY: the slice lends its bytes for the call.
      unsafe Glibc.send(descriptor, raw.baseAddress, raw.count, Int32(MSG_NOSIGNAL))
    }
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR ? 0 : nil
  }

  func shutdownSend() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends the connection with a reset; bytes that were not sent yet are lost.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    // SAFETY: `option` outlives the call.
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  func close() {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    descriptor = -1
  }
}
