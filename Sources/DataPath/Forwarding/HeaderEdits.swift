import HTTPModel
import Primitives

/// What a route changes in a head's fields: some are dropped, some lines are added.
package final class HeaderEdits: Sendable {
  /// Known names that are not copied: what is removed or set.
  let omitted: FieldSet
  /// The same of all other names, in lower case.
  let others: [[UInt8]]
  /// The lines to add, each with its CRLF.
  let lines: [UInt8]
  /// Replaces `Host`, which stands first in a head and not among the lines.
  let host: [UInt8]?

  package static let none = HeaderEdits(set: [], add: [], remove: [])

  /// `set` replaces, `add` adds a line, `remove` drops. Names and values have been checked, and no
  /// name is one that Weir itself decides on.
  package init(
    set: [(name: String, value: String)], add: [(name: String, value: String)], remove: [String]
  ) {
    var known = FieldSet.none
    var others: [[UInt8]] = []
    for name in remove + set.map(\.name) {
      let id = Self.fieldName(name)
      if id == .other {
        others.append(Array(name.lowercased().utf8))
      } else {
        known.insert(id)
      }
    }
    omitted = known
    self.others = others
    host = set.first { Self.fieldName($0.name) == .host }.map { Array($0.value.utf8) }
    lines = (set.filter { Self.fieldName($0.name) != .host } + add).flatMap {
      Array("\($0.name): \($0.value)\r\n".utf8)
    }
  }

  private static func fieldName(_ name: String) -> FieldName {
    let lower = name.lowercased()
    return FieldName.allCases.first { $0 != .other && "\($0.text)" == lower } ?? .other
  }
}
