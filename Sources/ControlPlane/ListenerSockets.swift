import Primitives
import Reactor

/// Binds listeners: one socket a worker for TCP (SO_REUSEPORT), copies of one for Unix paths.
enum ListenerSockets {
  struct Fault: Error {
    var message: String
  }

  /// nginx's and HAProxy's default is the system's most.
  private static let backlog: Int32 = 4096

  /// `count` descriptors, and the address they have (port 0 is replaced by the one that was given).
  /// A port is tried without SO_REUSEPORT first, unless it is one of `ownPorts`: two processes of
  /// one user would share it, each with half of the connections, and nobody would say so. Likewise
  /// a Unix-domain path that is served is refused, unless it is one of `ownPaths`.
  static func open(
    _ address: SocketAddress, mode: Int?, count: Int, kernel: Kernel,
    ownPorts: Set<UInt16> = [], ownPaths: Set<String> = []
  ) throws(Fault) -> (descriptors: [Int32], address: SocketAddress) {
    var descriptors: [Int32] = []
    var bound = address
    do throws(Errno) {
      if let port = address.port, port != 0, !ownPorts.contains(port) {
        kernel.close(try kernel.listen(on: address, backlog: 1, isShared: false))
      }
      for _ in 0..<count {
        if address.ip == nil, let first = descriptors.first {
          descriptors.append(try ThisProcess.duplicate(first))
        } else {
          let descriptor = try kernel.listen(
            on: bound, backlog: backlog, isShared: address.path.map(ownPaths.contains) ?? true,
            mode: mode.map { UInt32($0) })
          descriptors.append(descriptor)
          if let actual = kernel.localAddress(descriptor), address.ip != nil { bound = actual }
        }
      }
    } catch {
      for descriptor in descriptors { kernel.close(descriptor) }
      throw Fault(message: "cannot listen on \(address): \(error)\(hint(error))")
    }
    return (descriptors, bound)
  }

  private static func hint(_ error: Errno) -> String {
    if error.isAddressInUse {
      return "; another process has it: choose another address or stop that one"
    }
    if error.isPermissionDenied {
      return
        "; ports below 1024 need the right to bind them, a path needs a folder that may be written"
    }
    if error.isAddressMissing {
      return "; this machine has no such address: 0.0.0.0 and [::] stand for all it has"
    }
    if error.isMissing { return "; the folder of the socket must be there" }
    return ""
  }
}
