import HTTPModel
import Primitives

/// Finds the client in a chain of hops that trusted proxies told: the first address from the right
/// that is not a trusted proxy's.
///
/// A value that is fed the chain from left to right, as it stands in the field, so that no hop needs
/// to be kept. What a hop calls unknown ends what is told: then the client is that hop itself, the
/// trusted one to the right of it. Where all are trusted it is the leftmost, as for nginx's
/// `real_ip_recursive`.
struct ClientWalk {
  /// Nil: nobody but the peer is known.
  private(set) var client: IPAddress?
  /// The next trusted hop is the leftmost that is known of.
  private var isOpen = true

  mutating func pass(_ node: ForwardedNode, trusts: (IPAddress) -> Bool) {
    switch node {
    // On the machine of the hop that wrote it: no address of its own.
    case .local: break
    case .unknown:
      client = nil
      isOpen = true
    case .address(let address):
      if isOpen || !trusts(address) { client = address }
      isOpen = false
    }
  }
}
