import Glibc

/// A plain blocking TCP socket for tests that play a client or an endpoint byte by byte.
///
/// Every call ends within the tests' patience: a test fails, it does not hang.
public final class BlockingSocket: @unchecked Sendable {
  // SAFETY: used by one thread at a time.
  private var descriptor: Int32

  public struct Failure: Error {
    public var call: String
    public var number: Int32
  }

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var timeout = timeval(tv_sec: Patience.seconds, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      // SAFETY: `timeout` outlives the call.
      _ = unsafe setsockopt(
        descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }
    var on: Int32 = 1
    // SAFETY: `on` outlives the call.
    _ = unsafe setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close() }

  /// Connects to a port of 127.0.0.1, or of another `host` in host order.
  public static func connect(port: UInt16, host: UInt32 = 0x7F00_0001) throws -> BlockingSocket {
    let socket = BlockingSocket(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_in(host: host, port: port)
    // SAFETY: `raw` is a whole sockaddr_in.
    let result = unsafe address.withPointer { raw in
      unsafe Glibc.connect(socket.descriptor, raw, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
    guard result == 0 else { throw Failure(call: "connect", number: errno) }
    return socket
  }

  /// A listening socket on a free port; `backlog`: how many connections may wait to be accepted.
  public static func listen(backlog: Int32 = 128) throws -> (socket: BlockingSocket, port: UInt16) {
    let socket = BlockingSocket(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_in.loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe address.withPointer { raw in
      // SAFETY: as above; getsockname writes at most `length` bytes.
      guard unsafe Glibc.bind(socket.descriptor, raw, length) == 0,
        Glibc.listen(socket.descriptor, backlog) == 0
      else { return Int32(-1) }
      return unsafe getsockname(socket.descriptor, raw, &length)
    }
    guard result == 0 else { throw Failure(call: "listen", number: errno) }
    return (socket, UInt16(bigEndian: address.sin_port))
  }

  /// A listening Unix-domain socket: one that another network namespace reaches too.
  public static func listen(path: String) throws -> BlockingSocket {
    let socket = BlockingSocket(Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let isLong = path.utf8.count >= MemoryLayout.size(ofValue: address.sun_path)
    guard !isLong else { throw Failure(call: "bind", number: ENAMETOOLONG) }
    let result = unsafe withUnsafeMutableBytes(of: &address) { raw in
      // SAFETY: the path begins at 2, behind the family, fits, and ends with one of the zeroes.
      unsafe raw[2...].copyBytes(from: path.utf8)
      let pointer = unsafe raw.baseAddress?.assumingMemoryBound(to: sockaddr.self)
      return unsafe Glibc.bind(socket.descriptor, pointer, socklen_t(raw.count))
    }
    guard result == 0, Glibc.listen(socket.descriptor, 512) == 0 else {
      throw Failure(call: "listen", number: errno)
    }
    return socket
  }

  public func accept() throws -> BlockingSocket {
    let accepted = Glibc.accept(descriptor, nil, nil)
    guard accepted >= 0 else { throw Failure(call: "accept", number: errno) }
    return BlockingSocket(accepted)
  }

  public func send(_ text: String) throws { try send(Array(text.utf8)) }

  public func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { raw in
        // SAFETY: sent is below the count.
        unsafe Glibc.send(
          descriptor, raw.baseAddress?.advanced(by: sent), raw.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(call: "send", number: errno) }
      sent += count
    }
  }

  /// What comes next, at most `most` bytes; empty at the end.
  public func receive(upTo most: Int = 65_536) throws -> [UInt8] {
    var block = [UInt8](repeating: 0, count: most)
    let count = unsafe block.withUnsafeMutableBytes { raw in
      // SAFETY: `raw` is the block.
      unsafe recv(descriptor, raw.baseAddress, raw.count, 0)
    }
    guard count >= 0 else { throw Failure(call: "recv", number: errno) }
    return Array(block[0..<count])
  }

  /// Drops the next `count` bytes; true: they came before the end.
  public func discard(_ count: Int) throws -> Bool {
    var block = [UInt8](repeating: 0, count: 1 << 18)
    var left = count
    while left > 0 {
      let received = unsafe block.withUnsafeMutableBytes { raw in
        // SAFETY: `raw` is the block, and at most as much is asked for.
        unsafe recv(descriptor, raw.baseAddress, min(left, raw.count), 0)
      }
      guard received >= 0 else { throw Failure(call: "recv", number: errno) }
      if received == 0 { return false }
      left -= received
    }
    return true
  }

  /// Everything up to the end of the connection.
  public func receiveAll() throws -> String {
    var all: [UInt8] = []
    while true {
      let more = try receive()
      if more.isEmpty { return String(decoding: all, as: UTF8.self) }
      all += more
    }
  }

  /// Everything up to and with `text`, or to the end.
  public func receive(until text: String) throws -> String {
    var all: [UInt8] = []
    while !String(decoding: all, as: UTF8.self).contains(text) {
      let more = try receive()
      if more.isEmpty { break }
      all += more
    }
    return String(decoding: all, as: UTF8.self)
  }

  /// A whole head and, by its Content-Length, body.
  public func receiveMessage() throws -> String {
    var text = try receive(until: "\r\n\r\n")
    let head = text.lowercased()
    guard let field = head.firstRange(of: "content-length: ") else { return text }
    let digits = head[field.upperBound...].prefix { $0.isNumber }
    guard let end = text.firstRange(of: "\r\n\r\n"), let length = Int(digits) else { return text }
    while text[end.upperBound...].utf8.count < length {
      let more = try receive()
      if more.isEmpty { break }
      text += String(decoding: more, as: UTF8.self)
    }
    return text
  }

  public func shutdownSend() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  /// Makes the next `close` a reset.
  public func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    // SAFETY: `option` outlives the call.
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  public func close() {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    descriptor = -1
  }
}
