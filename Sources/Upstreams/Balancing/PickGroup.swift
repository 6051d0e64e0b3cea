import Primitives

/// Eligible endpoints that are picked among: a level's, or those of one of its zones.
struct PickGroup: Sendable {
  /// Places of `Balancer.members`.
  var start: Int
  var count: Int
  /// In 2^32nds: a draw below it goes here, if it did not go to one before.
  var cut: UInt64
  var zone: Pick.Zone
  var isEven = true
  /// Whose turn is next, when all weights are equal.
  var cursor = 0
  /// When the last of them has its whole weight; and when the oldest of them joined.
  var warmAt = Int64.min
  var oldestJoin = Int64.min
}
