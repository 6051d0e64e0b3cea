import Testing

/// Something that holds for every file of some folders, with a text that breaks it.
struct Rule: Sendable, CustomTestStringConvertible {
  var title: String
  /// Where it holds.
  var folders: [String]
  var ending = ".swift"
  /// What `check` must find.
  var planted: (path: String, text: String)
  /// What is wrong with a file, as `path:line: what`.
  var check: @Sendable (SourceFile) -> [String]

  var testDescription: String { title }
}
