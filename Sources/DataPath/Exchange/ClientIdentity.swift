import Primitives

/// Who is calling, and what of that which the head says is believed.
///
/// Invariant: `address` and `text` mean something only where `isKnown`.
struct ClientIdentity {
  /// The client's forwarded fields and ids are believed.
  var isTrusted = false
  /// A trusted proxy said who the client is.
  private(set) var isKnown = false
  private(set) var address = IPAddress.loopback4
  /// The address as text; its block stays from request to request.
  private(set) var text: [UInt8] = []
  /// A `Forwarded` was sent that is not believed: ours goes in its place.
  var lostForwarded = false
  /// A `grpc-timeout` was sent that is not believed.
  var lostTimeout = false

  mutating func learn(_ address: IPAddress) {
    isKnown = true
    self.address = address
    text.removeAll(keepingCapacity: true)
    address.append(to: &text)
  }

  /// Ready for the next request.
  mutating func forget() {
    isKnown = false
    lostForwarded = false
    lostTimeout = false
  }
}
