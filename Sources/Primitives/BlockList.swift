/// Free blocks of one size, last in, first out: the warmest is lent first.
@safe struct BlockList: ~Copyable {
  let size: Int
  private let countMax: Int
  private var count = 0
  // SAFETY: the first block of a list that goes on through `Block.next`; all are this list's.
  private var first: UnsafeMutablePointer<UInt8>?

  /// `countMax`: how many are kept rather than given back to the system.
  init(size: Int, countMax: Int) {
    self.size = size
    self.countMax = countMax
    unsafe first = nil
  }

  deinit {
    var rest = unsafe first
    while let start = unsafe rest {
      let block = unsafe Block(start: start, size: size)
      unsafe rest = block.next
      block.free()
    }
  }

  mutating func pop() -> Block {
    guard let start = unsafe first else { return Block.allocated(size) }
    let block = unsafe Block(start: start, size: size)
    unsafe first = block.next
    count -= 1
    return block
  }

  mutating func push(_ block: Block) {
    guard count < countMax else { return block.free() }
    unsafe block.next = first
    unsafe first = block.start
    count += 1
  }
}
