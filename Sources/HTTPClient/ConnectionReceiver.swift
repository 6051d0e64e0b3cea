import Primitives
import TLS

/// Who is told what happens on an upstream connection: its pool while it is idle, the exchange that
/// checked it out, or a caller of Weir's own.
///
/// Why a class: one indirect call an event, as `EventSource`. Confinement: the connection's loop.
open class ConnectionReceiver {
  package init() {}

  /// The attempt to connect succeeded, or bytes, room or an end came.
  open func connectionReady(_ connection: UpstreamConnection) {}

  /// The attempt to connect failed; the connection is closed already.
  open func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {}

  /// A TLS handshake is done, or has failed by `fault`, which `connectFailed` follows. Its owner is told,
  /// whoever has checked it out.
  open func handshakeEnded(_ connection: UpstreamConnection, _ fault: TLSFault?) {}

  /// The connection's deadline passed (not that of connecting, which is a failure).
  open func connectionDeadlinePassed(_ connection: UpstreamConnection) {}
}
