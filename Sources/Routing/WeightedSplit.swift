/// Shares requests among choices by weight, the same choice for the same key: a canary sees all
/// requests of one id or none.
package struct WeightedSplit: Sendable, Equatable {
  private let ends: [UInt64]

  /// `weights`: at least one above 0, each at most 1,000,000.
  package init(weights: [UInt32]) {
    var sum: UInt64 = 0
    ends = weights.map {
      sum += UInt64($0)
      return sum
    }
    precondition(sum > 0, "a split with no weight at all")
  }

  /// The choice for a key whose hash is `hash`. Cost: linear in the choices, which are few.
  package func choose(_ hash: UInt64) -> Int {
    let point = hash.multipliedFullWidth(by: ends[ends.count - 1]).high
    var index = 0
    while point >= ends[index] { index += 1 }
    return index
  }
}
