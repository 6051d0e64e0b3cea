import Primitives

/// One field line of a head: where its name and value stand, counted from the head's first byte.
package struct Field: Sendable {
  package var name: ByteRange
  package var value: ByteRange
  package var id: FieldName

  @inlinable
  package init(name: ByteRange, value: ByteRange, id: FieldName) {
    self.name = name
    self.value = value
    self.id = id
  }
}
