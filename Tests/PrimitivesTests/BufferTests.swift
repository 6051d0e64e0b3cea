import Primitives
import Testing

/// The buffer that a pool lends a block to, and what is written into it.
struct BufferTests {
  private func text(_ buffer: Buffer) -> String {
    var copy: [UInt8] = []
    for index in buffer.readable.indices { copy.append(buffer.readable[index]) }
    return String(decoding: copy, as: UTF8.self)
  }

  @Test func appendsNumbers() {
    let buffer = Buffer(capacity: 128)
    buffer.append(sixteenDigits: 0x0123_4567_89AB_CDEF)
    buffer.append(" ")
    buffer.append(hexadecimal: 0xF0E)
    buffer.append(" ")
    buffer.append(uuid: 0x0123_4567_89AB_4DEF, 0x8123_4567_89AB_CDEF)
    buffer.append(" ")
    for number in [0, 9, 10, 999, 1000, UInt64.max] { buffer.append(decimal: number) }
    #expect(
      text(buffer) == "0123456789abcdef f0e 01234567-89ab-4def-8123-456789abcdef "
        + "0910999100018446744073709551615")
  }

  @Test func movesItsBytesToALargerBlock() {
    let pool = BufferPool(bytesMax: 1 << 20)
    let buffer = Buffer()
    #expect(buffer.capacity == 0 && buffer.isEmpty && buffer.writableCount == 0)
    #expect(pool.lend(to: buffer))
    buffer.append("dropped, kept")
    buffer.consume(9)
    #expect(pool.lend(to: buffer, atLeast: BufferPool.largeBytes))
    #expect(text(buffer) == "kept" && buffer.capacity == BufferPool.largeBytes)
    #expect(pool.bytesLent == BufferPool.largeBytes)
    // It has one that large: nothing is done.
    #expect(pool.lend(to: buffer) && pool.bytesLent == BufferPool.largeBytes)
    pool.reclaim(from: buffer)
    #expect(!buffer.hasBlock && buffer.isEmpty && pool.bytesLent == 0)
    pool.reclaim(from: buffer)
    #expect(pool.bytesLent == 0)
  }

  @Test func refusesAboveTheBudget() {
    let pool = BufferPool(bytesMax: BufferPool.smallBytes * 2)
    let buffers = (0..<3).map { _ in Buffer() }
    #expect(pool.lend(to: buffers[0]) && pool.lend(to: buffers[1]))
    #expect(!pool.lend(to: buffers[2]) && pool.refusals == 1 && !buffers[2].hasBlock)
    pool.reclaim(from: buffers[0])
    #expect(pool.lend(to: buffers[2]))
  }

  /// Lent and given back at random, a block is never with two buffers.
  @Test(arguments: UInt64(0)..<20) func neverLendsABlockTwice(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let pool = BufferPool(bytesMax: 4 << 20, keptMax: 8)
    let buffers = (0..<24).map { _ in Buffer() }
    for _ in 0..<400 {
      let index = Int(random.below(24))
      if random.below(2) == 0 {
        pool.reclaim(from: buffers[index])
      } else if pool.lend(
        to: buffers[index],
        atLeast: random.below(3) == 0 ? BufferPool.largeBytes : BufferPool.smallBytes)
      {
        buffers[index].removeAll()
        while buffers[index].writableCount > 0 { buffers[index].append(UInt8(index)) }
      }
      for (index, buffer) in buffers.enumerated() where buffer.hasBlock {
        let bytes = buffer.readable
        #expect(bytes[0] == UInt8(index) && bytes[bytes.count - 1] == UInt8(index))
      }
      #expect(pool.bytesLent == buffers.reduce(0) { $0 + $1.capacity })
    }
  }
}
