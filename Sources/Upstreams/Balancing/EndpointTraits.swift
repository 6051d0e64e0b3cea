import Primitives

/// What a balancer knows of an endpoint besides how it does.
package struct EndpointTraits: Sendable, Hashable {
  /// 1...1,000,000; values outside are held at the ends.
  package let weight: UInt32
  /// A small number for the zone's name; nil: not known.
  package let zone: UInt8?
  /// 0...15, 0 first; values above are held at 15.
  package let priority: UInt8
  /// Ids of a `SubsetTable`, ascending.
  package let subsets: [UInt16]
  /// When it was discovered; nil: it was there when the proxy started, and is never slow started,
  /// since then all would be (HAProxy does the same).
  package let joinedAt: Instant?

  package init(
    weight: UInt32 = 1, zone: UInt8? = nil, priority: UInt8 = 0, subsets: [UInt16] = [],
    joinedAt: Instant? = nil
  ) {
    self.weight = min(max(weight, 1), 1_000_000)
    self.zone = zone
    self.priority = min(priority, 15)
    self.subsets = subsets
    self.joinedAt = joinedAt
  }
}
