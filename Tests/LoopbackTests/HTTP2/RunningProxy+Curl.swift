import Foundation

extension RunningProxy {
  /// What curl prints of `path`; `version`: the option that says which version of HTTP it speaks.
  func curl(_ version: String, _ path: String, _ more: [String] = []) throws -> String {
    try Command.run(
      "curl", ["-s", "-m", "60", version] + more + ["http://127.0.0.1:\(port)\(path)"])
  }

  /// A file of about so many bytes, in lines of 16. The caller removes it.
  static func body(_ bytes: Int) throws -> URL {
    let url = URL(filePath: NSTemporaryDirectory() + "weir-\(UUID().uuidString).body")
    let line = "0123456789abcde\n"
    try Data(String(repeating: line, count: bytes / line.utf8.count).utf8).write(to: url)
    return url
  }
}
