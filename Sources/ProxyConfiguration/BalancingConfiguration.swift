import Upstreams

/// Which endpoint of an upstream takes a request.
package struct BalancingConfiguration: Sendable, Equatable {
  package enum HashSource: Sendable, Equatable {
    /// A field's name.
    case header(String)
    case cookie(String)
    case source
    /// The verified peer.
    case identity
    case path
  }

  /// Without the proxy's own zone, which stands elsewhere.
  package var settings: BalancingSettings
  /// There with policies that hash, and with no other.
  package var hashOn: HashSource?
}
