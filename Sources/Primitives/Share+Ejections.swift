extension Share {
  /// How many of `count` endpoints may be ejected at a time where this is the greatest share: rounded
  /// down, but one of two or more; never all; none if the share is zero.
  ///
  /// Why one: Envoy's share of 10 % rounds to nothing in a cluster of three, where a dead endpoint
  /// hurts most (its `always_eject_one_host`, off by default).
  package func ejectionsMax(of count: Int) -> Int {
    guard count > 1, self > .zero else { return 0 }
    return min(max(count * Int(basisPoints) / 10_000, 1), count - 1)
  }
}
