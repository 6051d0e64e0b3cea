import Primitives
import Testing

struct BufferBudgetTests {
  private func fill(_ pool: BufferPool) -> [Buffer] {
    var buffers: [Buffer] = []
    while true {
      let buffer = Buffer()
      guard pool.lend(to: buffer) else { return buffers }
      buffers.append(buffer)
    }
  }

  /// One busy pool may have what the others leave, and all together never more than there is.
  @Test func isOneForAllPools() {
    let budget = BufferBudget(bytesMax: 4 << 20, pools: 4)
    let pools = (0..<4).map { _ in BufferPool(budget: budget) }
    let all = fill(pools[0])
    #expect(all.count == (4 << 20) / BufferPool.smallBytes)
    #expect(fill(pools[1]).isEmpty && pools[1].refusals == 1)
    for buffer in all { pools[0].reclaim(from: buffer) }
    let second = fill(pools[1])
    #expect(second.count >= all.count * 15 / 16)
    #expect(pools[1].bytesLent + pools[0].bytesLent <= budget.bytesMax)
    for buffer in second { pools[1].reclaim(from: buffer) }
    #expect(budget.bytesReserved <= budget.bytesMax / 16)
  }

  @Test func isNotAskedInSteadyTraffic() {
    let budget = BufferBudget(bytesMax: 256 << 20, pools: 2)
    let pool = BufferPool(budget: budget)
    let buffers = (0..<32).map { _ in Buffer() }
    for buffer in buffers { _ = pool.lend(to: buffer) }
    let reserved = budget.bytesReserved
    for _ in 0..<10 {
      for buffer in buffers { pool.reclaim(from: buffer) }
      #expect(budget.bytesReserved == reserved)
      for buffer in buffers { _ = pool.lend(to: buffer) }
      #expect(budget.bytesReserved == reserved)
    }
    for buffer in buffers { pool.reclaim(from: buffer) }
  }
}
