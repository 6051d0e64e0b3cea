import Foundation

/// The repository that these tests were built from.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The example configurations, all of them.
  static var examples: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "config").path)
        .filter { $0.hasSuffix(".yaml") }.sorted()
    }
  }
}
