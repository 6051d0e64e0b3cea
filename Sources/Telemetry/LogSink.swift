import Dispatch
import Primitives
import Synchronization

/// Takes full blocks of log lines from the loops and writes them on a queue of its own.
///
/// Bounded: `blocksMax` blocks may wait; past that a loop keeps its block and drops lines, which it
/// counts. Any thread.
package final class LogSink: Sendable {
  package static let blockBytes = 64 * 1024

  private struct Block: @unchecked Sendable {
    // SAFETY: a block is with one party at a time: the loop, the queue, or the spares.
    var buffer: Buffer
  }

  private let queue = DispatchQueue(label: "weir.log")
  private let waiting = Atomic<Int>(0)
  private let failures = Atomic<UInt64>(0)
  private let lost = Atomic<UInt64>(0)
  private let blocksMax: Int
  private let spares = Lock<[Block]>([])
  private let write: @Sendable (Buffer) -> Bool

  /// `write`: appends the buffer's readable bytes to the log and consumes those that it wrote; false
  /// when that failed.
  package init(blocksMax: Int = 32, write: @escaping @Sendable (Buffer) -> Bool) {
    self.blocksMax = blocksMax
    self.write = write
  }

  /// Writes that failed.
  package var writeFailures: UInt64 { failures.load(ordering: .relaxed) }

  /// Lines that were not written, or not whole, because a write failed.
  package var linesLost: UInt64 { lost.load(ordering: .relaxed) }

  /// Takes `block` over and gives an empty one back; nil, and the block stays the caller's, when
  /// too many wait.
  package func exchange(_ block: Buffer) -> Buffer? {
    guard waiting.add(1, ordering: .relaxed).newValue <= blocksMax else {
      waiting.subtract(1, ordering: .relaxed)
      return nil
    }
    let full = Block(buffer: block)
    queue.async { [self] in
      if !write(full.buffer) {
        failures.add(1, ordering: .relaxed)
        lost.add(Self.lineCount(full.buffer), ordering: .relaxed)
      }
      full.buffer.removeAll()
      spares.withLock { $0.append(full) }
      waiting.subtract(1, ordering: .relaxed)
    }
    return spares.withLock { $0.popLast() }?.buffer ?? Buffer(capacity: Self.blockBytes)
  }

  /// Runs `work` (reopening the file) between two blocks.
  package func perform(_ work: @escaping @Sendable () -> Void) {
    queue.async(execute: work)
  }

  /// Returns when all that was given so far has been written; false: not within `patience`.
  package func drain(within patience: DispatchTimeInterval) -> Bool {
    let done = DispatchSemaphore(value: 0)
    queue.async { done.signal() }
    return done.wait(timeout: .now() + patience) == .success
  }

  private static func lineCount(_ buffer: Buffer) -> UInt64 {
    let bytes = buffer.readable
    var count: UInt64 = 0
    for index in bytes.indices where bytes[index] == 0x0A { count += 1 }
    return count
  }
}
