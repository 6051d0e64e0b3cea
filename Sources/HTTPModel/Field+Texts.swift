import Primitives

extension [Field] {
  /// All of them as texts, in their order and with names in lower case, for Weir's own calls and pages.
  package func texts(in block: Buffer) -> [(name: String, value: String)] {
    map { (name: block.text($0.name).lowercased(), value: block.text($0.value)) }
  }
}
