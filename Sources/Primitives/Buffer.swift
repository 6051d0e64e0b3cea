/// A fixed block of bytes that is filled at `end` and consumed at `start`.
///
/// ```
/// 0          start            end        capacity
/// |  consumed  |   readable    |  writable  |
/// ```
///
/// Why a class: a connection holds a buffer only while it has bytes in flight and gives it back to
/// its `BufferPool`, so that an idle connection costs none. Spans are bounds-checked.
/// Bind the buffer to a local constant before taking a span from it.
/// Confinement: the loop of its pool. Cost: no allocation after its making.
@safe public final class Buffer {
  // SAFETY: `base` is owned by this object from init to deinit and is `capacity` bytes long; every
  // access below is within 0 ..< capacity because 0 <= start <= end <= capacity always holds: only
  // the methods of this file change the three, each under a precondition.
  private let base: UnsafeMutablePointer<UInt8>
  public let capacity: Int
  public private(set) var start = 0
  public private(set) var end = 0

  package init(capacity: Int) {
    precondition(capacity > 0, "a buffer holds at least a byte")
    unsafe base = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { unsafe base.deallocate() }

  @inlinable public var count: Int { end - start }
  @inlinable public var isEmpty: Bool { start == end }
  /// Bytes that can be written behind `end` without compacting.
  @inlinable public var writableCount: Int { capacity - end }
  /// Bytes that could be written after `compact()`.
  package var freeCount: Int { capacity - count }

  /// The bytes that were written and not consumed.
  package var readable: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      // SAFETY: start ..< end lies inside the block and was written before.
      let span = unsafe Span<UInt8>(_unsafeStart: base + start, count: end - start)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The space behind the written bytes; `written(_:)` makes what was put there readable.
  package var writable: MutableSpan<UInt8> {
    @_lifetime(borrow self)
    get {
      // SAFETY: end ..< capacity lies inside the block; bytes are trivial, so any value is valid.
      let span = unsafe MutableSpan<UInt8>(_unsafeStart: base + end, count: capacity - end)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The first `count` bytes behind `start`, for a range that counts from there.
  @_lifetime(borrow self)
  package func slice(_ range: ByteRange) -> Span<UInt8> {
    precondition(range.end <= end - start, "a range beyond the readable bytes")
    // SAFETY: start + range lies inside start ..< end by the precondition.
    let span = unsafe Span<UInt8>(
      _unsafeStart: base + start + Int(range.start), count: Int(range.count))
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Overwrites the readable byte `offset` behind `start`.
  package func replace(at offset: Int, with byte: UInt8) {
    precondition(offset >= 0 && offset < end - start, "a byte outside")
    // SAFETY: start + offset lies inside start ..< end.
    unsafe base[start + offset] = byte
  }

  /// Makes `count` bytes that were put into `writable` readable.
  package func written(_ count: Int) {
    precondition(count >= 0 && count <= capacity - end, "more written than fits")
    end += count
  }

  /// Drops `count` bytes from the front; an emptied buffer starts again at 0.
  package func consume(_ count: Int) {
    precondition(count >= 0 && count <= end - start, "more consumed than is there")
    start += count
    if start == end {
      start = 0
      end = 0
    }
  }

  /// Drops `count` bytes from the back: takes back what was appended last.
  package func truncate(_ count: Int) {
    precondition(count >= 0 && count <= end - start, "more truncated than is there")
    end -= count
  }

  package func removeAll() {
    start = 0
    end = 0
  }

  /// Moves the readable bytes to the front, so that `writableCount` is `freeCount`.
  package func compact() {
    guard start > 0 else { return }
    // SAFETY: both ends lie inside the block; `update` allows overlap.
    unsafe base.update(from: base + start, count: end - start)
    end -= start
    start = 0
  }

  /// Moves the bytes from `offset` (counted from `start`) to the end so that they follow the first
  /// `offset` bytes minus `gap`: closes a gap of consumed bytes inside the readable part.
  package func removeSubrange(at offset: Int, count gap: Int) {
    precondition(offset >= 0 && gap >= 0 && offset + gap <= end - start, "a gap outside")
    let tail = end - start - offset - gap
    // SAFETY: source and target lie inside start ..< end; `update` allows overlap.
    unsafe (base + start + offset).update(from: base + start + offset + gap, count: tail)
    end -= gap
  }

  package func append(_ byte: UInt8) {
    precondition(end < capacity, "the buffer is full")
    // SAFETY: end < capacity.
    unsafe base[end] = byte
    end += 1
  }

  /// Copies `bytes` behind the written ones. Precondition: they fit (`writableCount`).
  package func append(_ bytes: Span<UInt8>) {
    let count = bytes.count
    precondition(count <= capacity - end, "the bytes do not fit")
    // SAFETY: `bytes` is `count` long and end + count <= capacity. `update` allows overlap.
    unsafe bytes.withUnsafeBufferPointer { source in
      if let from = source.baseAddress { unsafe (base + end).update(from: from, count: count) }
    }
    end += count
  }

  package func append(_ text: StaticString) {
    let count = text.utf8CodeUnitCount
    precondition(text.hasPointerRepresentation && count <= capacity - end, "the text does not fit")
    // SAFETY: a static string is `count` bytes long and lives for ever; end + count <= capacity.
    unsafe (base + end).update(from: text.utf8Start, count: count)
    end += count
  }

  package func append(_ text: [UInt8]) {
    append(text.span)
  }

  /// For texts that are not constants. Named, because a literal would choose it over the cheaper
  /// constant. Precondition: they fit.
  package func append(text: String) {
    var text = text
    text.makeContiguousUTF8()
    append(text.utf8.span)
  }

  /// Appends `number` in decimal digits (at most 20 bytes).
  package func append(decimal number: UInt64) {
    var digits = number
    var length = 1
    while digits >= 10 {
      digits /= 10
      length += 1
    }
    precondition(length <= capacity - end, "the number does not fit")
    digits = number
    var position = end + length
    end = position
    repeat {
      position -= 1
      // SAFETY: position stays within the old end ..< new end.
      unsafe base[position] = UInt8(truncatingIfNeeded: digits % 10) &+ 0x30
      digits /= 10
    } while digits > 0
  }

  /// Appends `number` in lower-case hexadecimal digits without leading zeros (at most 16 bytes).
  package func append(hexadecimal number: UInt64) {
    let length = max(1, (64 - number.leadingZeroBitCount + 3) / 4)
    append(hexadecimal: number, digits: length)
  }

  /// Appends the low `digits` hexadecimal digits of `number`, zeros included.
  package func append(hexadecimal number: UInt64, digits: Int) {
    precondition(digits > 0 && digits <= 16 && digits <= capacity - end, "the number does not fit")
    var left = digits
    while left >= 8 {
      left -= 8
      let word = Self.digits(of: UInt32(truncatingIfNeeded: number >> UInt64(left * 4)))
      // SAFETY: eight bytes fit behind `end` by the precondition above.
      unsafe UnsafeMutableRawPointer(base + end).storeBytes(of: word, as: UInt64.self)
      end += 8
    }
    while left > 0 {
      left -= 1
      let nibble = UInt8(truncatingIfNeeded: (number >> UInt64(left * 4)) & 0xF)
      // SAFETY: end < capacity by the precondition above.
      unsafe base[end] = nibble < 10 ? nibble + 0x30 : nibble + 0x57
      end += 1
    }
  }

  /// The eight digits of `number` in memory order: nibbles are spread to bytes, and those above 9
  /// are moved to the letters, all at once.
  private static func digits(of number: UInt32) -> UInt64 {
    var spread = UInt64(number)
    spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
    spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
    let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return (spread &+ 0x3030_3030_3030_3030 &+ letters &* 39).bigEndian
  }

  /// Lends the writable space to a system call, which answers how many bytes it put there, or a
  /// negative number, which changes nothing.
  package func fill(upTo most: Int = .max, _ call: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    let room = min(most, capacity - end)
    // SAFETY: end + room <= capacity.
    let got = unsafe call(UnsafeMutableRawBufferPointer(start: base + end, count: room))
    precondition(got <= room, "a call wrote past the space it was lent")
    if got > 0 { end += got }
    return got
  }

  /// Lends the readable bytes to a system call; nothing is consumed.
  package func drain(_ call: (UnsafeRawBufferPointer) -> Int) -> Int {
    // SAFETY: start ..< end lies inside the block.
    unsafe call(UnsafeRawBufferPointer(start: base + start, count: end - start))
  }
}
