import Foundation

/// The working copy that this file is part of.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// What is built or found, not written.
  private static let skipped: Set<String> = [
    ".git", ".build", "findings", "results", "__pycache__", ".swiftpm",
  ]

  /// Every file's path from the root, in order.
  static let paths: [String] = files(in: "").sorted()

  /// Those that rules read, read once.
  private static let readable = paths.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".md") }
    .map { SourceFile(path: $0, text: text($0)) }

  /// The files of `folders` that end in `ending`.
  static func sources(in folders: [String], ending: String = ".swift") -> [SourceFile] {
    readable.filter { file in
      file.path.hasSuffix(ending)
        && folders.contains { $0.isEmpty || file.path.hasPrefix($0 + "/") }
    }
  }

  static func text(_ path: String) -> String {
    (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
  }

  static func isExecutable(_ path: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: root.appending(path: path).path)
  }

  private static func files(in folder: String) -> [String] {
    let url = folder.isEmpty ? root : root.appending(path: folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.filter { !skipped.contains($0) && !$0.hasPrefix(".build") }.flatMap { name in
      let path = folder.isEmpty ? name : "\(folder)/\(name)"
      let attributes = try? FileManager.default.attributesOfItem(
        atPath: root.appending(path: path).path)
      let isFolder = attributes?[.type] as? FileAttributeType == .typeDirectory
      return isFolder ? files(in: path) : [path]
    }
  }
}
