/// A run of bytes inside a message, as an offset from the message's first byte and a count.
///
/// Why: a parsed head is a table of ranges into the receive buffer, so that nothing is copied and
/// the buffer may move or grow without touching the table. Units: bytes; both fit 32 bits because
/// a message head is capped far below 4 GiB. Cost: 8 bytes, no allocation.
@usableFromInline package struct ByteRange: Equatable, Sendable {
  @usableFromInline package var start: UInt32
  @usableFromInline package var count: UInt32

  package static let empty = ByteRange(start: 0, count: 0)

  @inlinable @inline(__always)
  package init(start: UInt32, count: UInt32) {
    self.start = start
    self.count = count
  }

  /// Traps when the bounds are out of order or above 4 GiB: the caller has capped them before.
  @inlinable @inline(__always)
  package init(_ bounds: Range<Int>) {
    self.init(start: UInt32(bounds.lowerBound), count: UInt32(bounds.count))
  }

  @inlinable @inline(__always) package var isEmpty: Bool { count == 0 }
  @inlinable @inline(__always) package var end: Int { Int(start) + Int(count) }
  @inlinable @inline(__always) package var bounds: Range<Int> { Int(start)..<end }
}
