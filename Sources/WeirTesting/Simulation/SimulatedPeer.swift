/// Who stands at the far end of a simulated socket: a client or an endpoint.
///
/// Called between turns of the loop, with the network's clock at the time of the event.
package protocol SimulatedPeer: AnyObject {
  /// Weir has accepted, or the connection it asked for stands.
  func connected(_ socket: SimulatedSocket)
  /// Bytes of Weir's have arrived: `take` them.
  func received(_ socket: SimulatedSocket)
  /// Weir has ended its direction, closed, or (`isReset`) broken the connection.
  func ended(_ socket: SimulatedSocket, isReset: Bool)
}
