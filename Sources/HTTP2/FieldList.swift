import Primitives

/// Fields on their way out, names in lower case, ready to be compressed.
///
/// Whoever writes appends to `text` between `begin` and `end` and makes sure of the room there.
package final class FieldList {
  /// Names and values, one behind the other; it has a block only while there are some.
  package let text = Buffer()
  private(set) var fields: [(name: ByteRange, value: ByteRange)] = []
  private var name = ByteRange.empty

  package init() {}

  package var isEmpty: Bool { fields.isEmpty }

  /// A field begins by that name, in lower case.
  package func begin(_ name: Span<UInt8>) {
    let start = text.count
    for index in name.indices { text.append(ByteScan.asciiLowercased(name[index])) }
    self.name = ByteRange(start..<text.count)
  }

  package func begin(_ name: StaticString) {
    let start = text.count
    text.append(name)
    self.name = ByteRange(start..<text.count)
  }

  /// The last `count` bytes of the name that was begun are no part of it.
  package func trimName(_ count: Int) {
    text.truncate(count)
    name.count -= UInt32(count)
  }

  /// The field that was begun has its value.
  package func end() {
    fields.append((name, ByteRange(name.end..<text.count)))
  }

  /// Takes back what came behind the first `count` fields.
  package func truncate(to count: Int) {
    guard count < fields.count else { return }
    let start = Int(fields[count].name.start)
    text.truncate(text.count - start)
    fields.removeLast(fields.count - count)
  }

  package var count: Int { fields.count }

  package func removeAll() {
    fields.removeAll(keepingCapacity: true)
    text.removeAll()
  }
}
