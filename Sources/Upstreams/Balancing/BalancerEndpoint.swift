/// An endpoint as it is given to a balancer.
package struct BalancerEndpoint: Sendable, Hashable {
  /// What it is known by while lists of endpoints change, and where it stands on rings:
  /// `KeyHash.of` its address's text, so that all proxies agree.
  package let key: UInt64
  package let traits: EndpointTraits

  package init(key: UInt64, traits: EndpointTraits = EndpointTraits()) {
    self.key = key
    self.traits = traits
  }

  package init(_ identity: String, traits: EndpointTraits = EndpointTraits()) {
    self.init(key: KeyHash.of(identity), traits: traits)
  }
}
