import Glibc
import Primitives

/// Looks host names up through the system's resolver. Blocking: for Dispatch only.
package enum NameResolver {
  /// All addresses of `host`, IPv4 first, each once and in a stable order, so that the same answer
  /// makes the same endpoints; nil when it cannot be resolved now.
  package static func resolve(_ host: String, port: UInt16) -> [SocketAddress]? {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    // SAFETY: the name and hints outlive the call; the list is freed below.
    guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return nil }
    defer { unsafe freeaddrinfo(list) }
    var found: Set<IPAddress> = []
    var entry = unsafe list
    while let info = unsafe entry {
      if let address = unsafe address(info.pointee) { found.insert(address) }
      unsafe entry = info.pointee.ai_next
    }
    let sorted = found.sorted { left, right in
      left.isV4 != right.isV4 ? left.isV4 : (left.high, left.low) < (right.high, right.low)
    }
    return sorted.isEmpty ? nil : sorted.map { .ip($0, port: port) }
  }

  private static func address(_ info: addrinfo) -> IPAddress? {
    guard let raw = unsafe info.ai_addr else { return nil }
    // SAFETY: ai_family says which structure ai_addr points to (getaddrinfo(3)).
    switch unsafe info.ai_family {
    case AF_INET:
      return unsafe raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe IPAddress(v4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
      }
    case AF_INET6:
      return unsafe raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
        let words = unsafe pointer.pointee.sin6_addr.__in6_u.__u6_addr32
        let high = UInt64(UInt32(bigEndian: words.0)) << 32 | UInt64(UInt32(bigEndian: words.1))
        let low = UInt64(UInt32(bigEndian: words.2)) << 32 | UInt64(UInt32(bigEndian: words.3))
        return IPAddress(high: high, low: low)
      }
    default: return nil
    }
  }
}
