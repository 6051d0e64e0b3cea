import Glibc

/// IPv4 addresses for the sockets of tests.
extension sockaddr_in {
  /// `host`: in host order, such as 0x7F00_0001.
  init(host: UInt32, port: UInt16) {
    self.init()
    sin_family = sa_family_t(AF_INET)
    sin_port = port.bigEndian
    sin_addr.s_addr = host.bigEndian
  }

  static func loopback(_ port: UInt16) -> sockaddr_in {
    sockaddr_in(host: 0x7F00_0001, port: port)
  }

  /// Lends itself as what the calls take.
  mutating func withPointer<Result>(
    _ body: (UnsafeMutablePointer<sockaddr>) throws -> Result
  ) rethrows -> Result {
    try unsafe withUnsafeMutablePointer(to: &self) { pointer in
      // SAFETY: a sockaddr_in begins as a sockaddr, and has its size.
      try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try unsafe body($0)
      }
    }
  }
}
