/// Lends blocks of two sizes to buffers and keeps what comes back, so that steady traffic allocates
/// nothing.
///
/// Bounded: `bytesLent` counts what is out; where a block would lift it above `bytesMax`, `lend`
/// answers false and the caller refuses or pauses (design rule 3: a global budget).
/// Confinement: one loop. Cost: O(1). Sizes: HAProxy's `tune.bufsize` is 16 KiB; a head may take
/// 60 KiB (Envoy's `max_request_headers_kb`), hence 64 KiB.
@usableFromInline package final class BufferPool {
  @inlinable package static var smallBytes: Int { 16 * 1024 }
  @inlinable package static var largeBytes: Int { 64 * 1024 }

  private var small: BlockList
  private var large: BlockList
  package let bytesMax: Int
  package private(set) var bytesLent = 0
  /// How often `lend` had to refuse.
  package private(set) var refusals: UInt64 = 0

  /// `keptMax`: how many free small blocks are kept rather than given back to the system; of the
  /// large ones an eighth of that.
  package init(bytesMax: Int, keptMax: Int = 64) {
    self.bytesMax = bytesMax
    small = BlockList(size: Self.smallBytes, countMax: keptMax)
    large = BlockList(size: Self.largeBytes, countMax: keptMax / 8)
  }

  /// Sees to it that `buffer` has a block of at least `bytes` (at most 64 KiB), with what it holds;
  /// false, and nothing changed, when the budget is spent.
  package func lend(to buffer: Buffer, atLeast bytes: Int = BufferPool.smallBytes) -> Bool {
    if buffer.capacity >= bytes { return true }
    precondition(bytes <= BufferPool.largeBytes, "no block is that large")
    let size = bytes <= Self.smallBytes ? Self.smallBytes : Self.largeBytes
    guard bytesLent + size <= bytesMax else {
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

  /// Takes the buffer's block back, whatever it holds.
  package func reclaim(from buffer: Buffer) {
    if let block = buffer.detach() { take(block) }
  }

  private func take(_ block: Block) {
    bytesLent -= block.size
    if block.size == Self.smallBytes { small.push(block) } else { large.push(block) }
  }
}
