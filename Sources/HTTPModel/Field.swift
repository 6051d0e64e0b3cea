import Primitives

/// One field line of a head: where its name and value stand, counted from the head's first byte.
@usableFromInline package struct Field: Sendable {
  @usableFromInline package var name: ByteRange
  @usableFromInline package var value: ByteRange
  @usableFromInline package var id: FieldName

  @inlinable @inline(__always)
  package init(name: ByteRange, value: ByteRange, id: FieldName) {
    self.name = name
    self.value = value
    self.id = id
  }
}
