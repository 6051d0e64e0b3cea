import Synchronization

/// The bytes that all buffers of the process may take together.
///
/// Pools reserve shares of it, not each block: in steady traffic a pool lends from its share and
/// nothing is asked of anybody. Any thread. Cost: an atomic exchange a share.
package final class BufferBudget: Sendable {
  package let bytesMax: Int
  private let reserved = Atomic<Int>(0)
  /// A share: large enough that it is asked for rarely, small enough that what idle pools hold back,
  /// two shares each, is at most a sixteenth of it all.
  package let shareBytes: Int

  /// `pools`: how many reserve from it.
  package init(bytesMax: Int, pools: Int = 1) {
    self.bytesMax = bytesMax
    shareBytes = min(
      max(bytesMax / (32 * pools), BufferPool.smallBytes), 16 * BufferPool.largeBytes)
  }

  package var bytesReserved: Int { reserved.load(ordering: .relaxed) }

  /// False, and nothing reserved, where so much is not left.
  func reserve(_ bytes: Int) -> Bool {
    var now = reserved.load(ordering: .relaxed)
    while now + bytes <= bytesMax {
      let (isTaken, found) = reserved.compareExchange(
        expected: now, desired: now + bytes, ordering: .relaxed)
      if isTaken { return true }
      now = found
    }
    return false
  }

  func giveBack(_ bytes: Int) {
    let now = reserved.subtract(bytes, ordering: .relaxed).newValue
    precondition(now >= 0, "more given back than was reserved")
  }
}
