/// A port of 127.0.0.1 that stays one owner's while nobody listens on it: connections to it are
/// refused, the kernel gives it to nobody else, and the owner's server can bind it again and again.
///
/// Held by a bound socket that does not listen. A server that binds it must set SO_REUSEADDR, as
/// nginx does; bound with it both are allowed while only one listens (socket(7)).
public final class PortReservation: @unchecked Sendable {
  // SAFETY: written once, closed with the last owner.
  private let socket: RawSocket
  public let port: UInt16

  public init() throws { (socket, port) = try RawSocket.bound() }
}
