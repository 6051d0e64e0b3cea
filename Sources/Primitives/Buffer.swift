/// A block of bytes that is filled at `end` and consumed at `start`.
///
/// ```
/// 0          start            end        capacity
/// |  consumed  |   readable    |  writable  |
/// ```
///
/// Why apart from its block: a connection keeps its two buffers for life, so that reaching them
/// counts no reference, but a block only while it has bytes in flight: `BufferPool` lends it and
/// takes it back, and an idle connection holds none. Without a block the capacity is 0. Spans are
/// bounds-checked. Writing stands in `Buffer+Append.swift`. Confinement: the loop of its pool.
/// Cost: no allocation after its making.
@safe public final class Buffer {
  // SAFETY: `block` is `size` bytes long and this object's from `attach` (or init) to `detach` (or
  // deinit); every access is within 0 ..< size because 0 <= head <= tail <= size always holds: only
  // the methods of this file and of `Buffer+Append.swift` change the four, each under a
  // precondition. Without a block all three numbers are 0 and nothing is accessed.
  @usableFromInline var block: UnsafeMutablePointer<UInt8>
  @usableFromInline var size: Int
  @usableFromInline var head = 0
  @usableFromInline var tail = 0

  // SAFETY: the address 1 is never accessed: what a pointer to no block points to.
  private static var nowhere: UnsafeMutablePointer<UInt8> {
    guard let pointer = unsafe UnsafeMutablePointer<UInt8>(bitPattern: 1) else {
      preconditionFailure("the address 1 is not null")
    }
    return unsafe pointer
  }

  /// One without a block.
  package init() {
    unsafe block = Self.nowhere
    size = 0
  }

  /// One with a block of its own, for life.
  package init(capacity: Int) {
    precondition(capacity > 0, "a buffer holds at least a byte")
    unsafe block = .allocate(capacity: capacity)
    size = capacity
  }

  deinit {
    if size > 0 { unsafe block.deallocate() }
  }

  @inlinable public var capacity: Int { size }
  @inlinable public var start: Int { head }
  @inlinable public var end: Int { tail }
  @inlinable public var count: Int { tail - head }
  @inlinable public var isEmpty: Bool { head == tail }
  /// Bytes that can be written behind `end` without compacting.
  @inlinable public var writableCount: Int { size - tail }
  @inlinable package var hasBlock: Bool { size > 0 }

  /// Takes a block over, with the bytes that this buffer held in another, which is given back.
  func attach(_ fresh: Block) -> Block? {
    precondition(fresh.size >= count, "the bytes do not fit the block")
    let old = unsafe hasBlock ? Block(start: block, size: size) : nil
    // SAFETY: head ..< tail lies inside the old block and fits the new one.
    unsafe fresh.start.update(from: block + head, count: count)
    tail -= head
    head = 0
    unsafe block = fresh.start
    size = fresh.size
    return old
  }

  /// Takes over the block of `other` with what it holds. Precondition: this one has none.
  package func take(from other: Buffer) {
    precondition(!hasBlock, "a block would be lost")
    unsafe block = other.block
    size = other.size
    head = other.head
    tail = other.tail
    unsafe other.block = Self.nowhere
    other.size = 0
    other.head = 0
    other.tail = 0
  }

  /// Gives the block up, and with it what it holds; nil: there is none.
  func detach() -> Block? {
    guard hasBlock else { return nil }
    let old = unsafe Block(start: block, size: size)
    unsafe block = Self.nowhere
    size = 0
    head = 0
    tail = 0
    return old
  }

  /// The bytes that were written and not consumed.
  @inlinable package var readable: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      // SAFETY: head ..< tail lies inside the block and was written before.
      let span = unsafe Span<UInt8>(_unsafeStart: block + head, count: tail - head)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The first `count` bytes behind `start`, for a range that counts from there.
  @_lifetime(borrow self)
  package func slice(_ range: ByteRange) -> Span<UInt8> {
    precondition(range.end <= tail - head, "a range beyond the readable bytes")
    // SAFETY: head + range lies inside head ..< tail by the precondition.
    let span = unsafe Span<UInt8>(
      _unsafeStart: block + head + Int(range.start), count: Int(range.count))
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Overwrites the readable byte `offset` behind `start`.
  package func replace(at offset: Int, with byte: UInt8) {
    precondition(offset >= 0 && offset < count, "a byte outside")
    // SAFETY: head + offset lies inside head ..< tail.
    unsafe block[head + offset] = byte
  }

  /// Drops `count` bytes from the front; an emptied buffer starts again at 0.
  @inlinable package func consume(_ count: Int) {
    precondition(count >= 0 && count <= tail - head, "more consumed than is there")
    head += count
    if head == tail { removeAll() }
  }

  /// Drops `count` bytes from the back: takes back what was appended last.
  package func truncate(_ count: Int) {
    precondition(count >= 0 && count <= tail - head, "more truncated than is there")
    tail -= count
  }

  @inlinable package func removeAll() {
    head = 0
    tail = 0
  }

  /// Moves the readable bytes to the front, so that all free space is writable.
  package func compact() {
    guard head > 0 else { return }
    // SAFETY: both ends lie inside the block; `update` allows overlap.
    unsafe block.update(from: block + head, count: count)
    tail -= head
    head = 0
  }

  /// Closes a gap inside the readable part: drops `gap` bytes from `offset`, counted from `start`.
  package func removeSubrange(at offset: Int, count gap: Int) {
    precondition(offset >= 0 && gap >= 0 && offset + gap <= count, "a gap outside")
    let rest = count - offset - gap
    // SAFETY: source and target lie inside head ..< tail; `update` allows overlap.
    unsafe (block + head + offset).update(from: block + head + offset + gap, count: rest)
    tail -= gap
  }

  /// Lends the writable space to a system call, which answers how many bytes it put there, or a
  /// negative number, which changes nothing.
  @inlinable package func fill(
    upTo most: Int = .max, _ call: (UnsafeMutableRawBufferPointer) -> Int
  ) -> Int {
    let room = min(most, size - tail)
    // SAFETY: tail + room <= size.
    let got = unsafe call(UnsafeMutableRawBufferPointer(start: block + tail, count: room))
    precondition(got <= room, "a call wrote past the space it was lent")
    if got > 0 { tail += got }
    return got
  }

  /// Lends the readable bytes to a system call; nothing is consumed.
  @inlinable package func drain(_ call: (UnsafeRawBufferPointer) -> Int) -> Int {
    // SAFETY: head ..< tail lies inside the block.
    unsafe call(UnsafeRawBufferPointer(start: block + head, count: tail - head))
  }
}
