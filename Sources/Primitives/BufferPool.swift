/// Keeps freed buffers of two sizes for reuse, so that steady traffic allocates nothing.
///
/// Bounded: `bytesLent` counts what is out; when a buffer would lift it above `bytesMax`, `take`
/// answers nil and the caller refuses or pauses (design rule 3: a global budget).
/// Confinement: one loop. Cost: O(1). Sizes: HAProxy's `tune.bufsize` is 16 KiB; a head may take
/// 60 KiB (Envoy's `max_request_headers_kb`), hence 64 KiB.
package final class BufferPool {
  package static let smallBytes = 16 * 1024
  package static let largeBytes = 64 * 1024

  private var small: [Buffer] = []
  private var large: [Buffer] = []
  private let keptMax: Int
  package let bytesMax: Int
  package private(set) var bytesLent = 0
  /// How often `take` had to refuse.
  package private(set) var refusals: UInt64 = 0

  /// `keptMax`: how many free buffers of each size are kept rather than given back to the system.
  package init(bytesMax: Int, keptMax: Int = 64) {
    self.bytesMax = bytesMax
    self.keptMax = keptMax
    small.reserveCapacity(keptMax)
    large.reserveCapacity(keptMax)
  }

  /// A buffer of at least `bytes` (at most 64 KiB); nil when the budget is spent.
  package func take(atLeast bytes: Int = BufferPool.smallBytes) -> Buffer? {
    let isSmall = bytes <= BufferPool.smallBytes
    precondition(bytes <= BufferPool.largeBytes, "no buffer is that large")
    let size = isSmall ? BufferPool.smallBytes : BufferPool.largeBytes
    guard bytesLent + size <= bytesMax else {
      refusals &+= 1
      return nil
    }
    bytesLent += size
    let kept = isSmall ? small.popLast() : large.popLast()
    return kept ?? Buffer(capacity: size)
  }

  /// Gives a buffer of this pool back; it must not be used afterwards.
  package func give(_ buffer: Buffer) {
    bytesLent -= buffer.capacity
    buffer.removeAll()
    if buffer.capacity == BufferPool.smallBytes {
      if small.count < keptMax { small.append(buffer) }
    } else if large.count < keptMax / 8 {
      large.append(buffer)
    }
  }
}
