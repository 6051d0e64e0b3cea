import Primitives

/// Reads SPIFFE ids and patterns of them, of which there is one or a list.
enum SPIFFEReader {
  static func patterns(
    _ section: Section, _ key: String, _ checker: inout SchemaChecker
  ) -> [SPIFFEPattern] {
    var patterns: [SPIFFEPattern] = []
    for item in section.list(key) {
      guard case .text(let text) = item.value else { continue }
      if let pattern = SPIFFEPattern(text) {
        patterns.append(pattern)
      } else {
        checker.report(
          item.mark,
          "\(key) must be an id such as spiffe://ndp.test/ns/default/svc/a, or end in /*, not \"\(text)\""
        )
      }
    }
    return patterns
  }
}
