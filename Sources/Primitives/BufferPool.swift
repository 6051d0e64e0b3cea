/// Lends blocks of two sizes to buffers and keeps what comes back, so that steady traffic allocates
/// nothing.
///
/// Bounded: `bytesLent` counts what is out; where a block would lift all pools above their
/// `BufferBudget`, `lend` answers false and the caller refuses or pauses (rule 3 of ARCHITECTURE.md).
/// Confinement: one loop. Cost: O(1). Sizes: HAProxy's `tune.bufsize` is 16 KiB; a head may take
/// 60 KiB (Envoy's `max_request_headers_kb`), hence 64 KiB.
@usableFromInline package final class BufferPool {
  @inlinable package static var smallBytes: Int { 16 * 1024 }
  @inlinable package static var largeBytes: Int { 64 * 1024 }

  private var small: BlockList
  private var large: BlockList
  private let budget: BufferBudget
  /// What it has of the budget: what is lent, and up to two shares more.
  private var bytesReserved = 0
  package private(set) var bytesLent = 0
  /// How often `lend` had to refuse.
  package private(set) var refusals: UInt64 = 0

  /// `keptMax`: how many free small blocks are kept rather than given back to the system; of the
  /// large ones an eighth of that.
  package init(budget: BufferBudget, keptMax: Int = 64) {
    self.budget = budget
    small = BlockList(size: Self.smallBytes, countMax: keptMax)
    large = BlockList(size: Self.largeBytes, countMax: keptMax / 8)
  }

  /// One with a budget of its own.
  package convenience init(bytesMax: Int, keptMax: Int = 64) {
    self.init(budget: BufferBudget(bytesMax: bytesMax), keptMax: keptMax)
  }

  deinit {
    budget.giveBack(bytesReserved)
  }

  /// Sees to it that `buffer` has a block of at least `bytes` (at most 64 KiB), with what it holds;
  /// false, and nothing changed, when the budget is spent.
  package func lend(to buffer: Buffer, atLeast bytes: Int = BufferPool.smallBytes) -> Bool {
    if buffer.capacity >= bytes { return true }
    precondition(bytes <= BufferPool.largeBytes, "no block is that large")
    let size = bytes <= Self.smallBytes ? Self.smallBytes : Self.largeBytes
    guard bytesLent + size <= bytesReserved || reserve(size) else {
      refusals &+= 1
      return false
    }
    bytesLent += size
    let fresh = size == Self.smallBytes ? small.pop() : large.pop()
    if let old = buffer.attach(fresh) { take(old) }
    return true
  }

  /// A block for an answer that must be given, above all that the budget is spent: at most one small
  /// block a connection is out beyond it.
  package func lendBeyondBudget(to buffer: Buffer) {
    guard !buffer.hasBlock else { return }
    bytesLent += Self.smallBytes
    _ = buffer.attach(small.pop())
  }

  /// Room behind what `buffer` holds: in a first block, then a larger one. A decoder's limit is
  /// reached before the larger one is full. False: the budget is spent.
  package func makeRoom(in buffer: Buffer) -> Bool {
    if buffer.writableCount > 0 { return true }
    buffer.compact()
    if buffer.writableCount > 0 { return true }
    let bytes = buffer.hasBlock ? Self.largeBytes : Self.smallBytes
    return buffer.capacity < bytes && lend(to: buffer, atLeast: bytes)
  }

  /// A long payload of `expected` bytes is worth a large block; without one it goes on through the
  /// small one.
  package func enlarge(_ buffer: Buffer, for expected: UInt64) {
    if buffer.isEmpty, buffer.capacity < Self.largeBytes, expected > UInt64(buffer.capacity) {
      _ = lend(to: buffer, atLeast: Self.largeBytes)
    }
  }

  /// Takes the buffer's block back, whatever it holds.
  package func reclaim(from buffer: Buffer) {
    if let block = buffer.detach() { take(block) }
  }

  /// A share, or near the end of the budget just what is needed.
  private func reserve(_ size: Int) -> Bool {
    let needed = bytesLent + size - bytesReserved
    let share = max(needed, budget.shareBytes)
    if budget.reserve(share) {
      bytesReserved += share
    } else if budget.reserve(needed) {
      bytesReserved += needed
    } else {
      return false
    }
    return true
  }

  private func take(_ block: Block) {
    bytesLent -= block.size
    if bytesReserved - bytesLent > 2 * budget.shareBytes {
      let surplus = bytesReserved - bytesLent - budget.shareBytes
      bytesReserved -= surplus
      budget.giveBack(surplus)
    }
    if block.size == Self.smallBytes { small.push(block) } else { large.push(block) }
  }
}
