import Primitives

/// A connection as `Kernel.accept` returns it: non-blocking, close-on-exec.
public struct AcceptedSocket: Sendable {
  package var descriptor: Int32
  /// The peer; nil for an unnamed Unix-domain socket.
  package var peer: SocketAddress?

  package init(descriptor: Int32, peer: SocketAddress?) {
    self.descriptor = descriptor
    self.peer = peer
  }
}
