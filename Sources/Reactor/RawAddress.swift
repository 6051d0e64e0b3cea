import CLinux
import Glibc
import Primitives

/// A `SocketAddress` in the kernel's form.
struct RawAddress {
  private var storage = sockaddr_storage()
  private var length: socklen_t = 0

  var family: Int32 { Int32(storage.ss_family) }

  init(_ address: SocketAddress) throws(Errno) {
    switch address {
    case .ip(let ip, let port) where ip.isV4: writeV4(ip, port)
    case .ip(let ip, let port): writeV6(ip, port)
    case .unix(let path): try writeUnix(path)
    }
  }

  func withPointer<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var copy = storage
    // SAFETY: a sockaddr_storage holds every kind of address.
    return unsafe withUnsafePointer(to: &copy) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
  }

  /// Nil for an unnamed Unix-domain socket or an unknown family.
  static func read(_ storage: sockaddr_storage, length: socklen_t) -> SocketAddress? {
    var storage = storage
    switch Int32(storage.ss_family) {
    case AF_INET:
      return unsafe withUnsafePointer(to: &storage) { pointer in
        // SAFETY: the family says that a sockaddr_in stands there.
        unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { raw in
          let bits = UInt32(bigEndian: unsafe raw.pointee.sin_addr.s_addr)
          return .ip(IPAddress(v4: bits), port: UInt16(bigEndian: unsafe raw.pointee.sin_port))
        }
      }
    case AF_INET6:
      return unsafe withUnsafePointer(to: &storage) { pointer in
        // SAFETY: the family says that a sockaddr_in6 stands there.
        unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { raw in
          let words = unsafe raw.pointee.sin6_addr.__in6_u.__u6_addr32
          let high = UInt64(UInt32(bigEndian: words.0)) << 32 | UInt64(UInt32(bigEndian: words.1))
          let low = UInt64(UInt32(bigEndian: words.2)) << 32 | UInt64(UInt32(bigEndian: words.3))
          return .ip(
            IPAddress(high: high, low: low), port: UInt16(bigEndian: unsafe raw.pointee.sin6_port))
        }
      }
    default:
      return nil
    }
  }

  private mutating func writeV4(_ ip: IPAddress, _ port: UInt16) {
    length = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      // SAFETY: a sockaddr_storage holds a sockaddr_in.
      unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { raw in
        unsafe raw.pointee.sin_family = sa_family_t(AF_INET)
        unsafe raw.pointee.sin_port = port.bigEndian
        unsafe raw.pointee.sin_addr.s_addr = ip.v4Bits.bigEndian
      }
    }
  }

  private mutating func writeV6(_ ip: IPAddress, _ port: UInt16) {
    length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      // SAFETY: a sockaddr_storage holds a sockaddr_in6.
      unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { raw in
        unsafe raw.pointee.sin6_family = sa_family_t(AF_INET6)
        unsafe raw.pointee.sin6_port = port.bigEndian
        unsafe raw.pointee.sin6_addr.__in6_u.__u6_addr32 = (
          UInt32(truncatingIfNeeded: ip.high >> 32).bigEndian,
          UInt32(truncatingIfNeeded: ip.high).bigEndian,
          UInt32(truncatingIfNeeded: ip.low >> 32).bigEndian,
          UInt32(truncatingIfNeeded: ip.low).bigEndian
        )
      }
    }
  }

  private mutating func writeUnix(_ path: String) throws(Errno) {
    var path = path
    var written: socklen_t = 0
    let result = path.withUTF8 { bytes in
      unsafe withUnsafeMutablePointer(to: &storage) { pointer in
        // SAFETY: a sockaddr_storage holds a sockaddr_un; the shim checks the path's length.
        unsafe pointer.withMemoryRebound(to: sockaddr_un.self, capacity: 1) { raw in
          unsafe weir_unix_address(bytes.baseAddress, bytes.count, raw, &written)
        }
      }
    }
    guard result == 0 else { throw Errno.current }
    length = written
  }
}
