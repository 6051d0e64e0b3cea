import Foundation

/// A command that ends by itself, such as curl.
enum Command {
  struct Failed: Error {
    var command: String
    var output: String
  }

  /// What it prints.
  static func run(_ command: String, _ arguments: [String]) throws -> String {
    let process = ChildProcess()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [command] + arguments
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    return String(decoding: data, as: UTF8.self)
  }

  /// What it prints, complaints included; throws with it unless the command succeeds.
  @discardableResult
  static func require(_ command: String, _ arguments: [String]) throws -> String {
    let line = ([command] + arguments).joined(separator: " ")
    let script = "PATH=$PATH:/usr/sbin:/sbin; \"$@\" 2>&1 && echo succeeded"
    let output = try run("sh", ["-c", script, "sh", command] + arguments)
    guard output.hasSuffix("succeeded\n") else { throw Failed(command: line, output: output) }
    return String(output.dropLast("succeeded\n".count))
  }
}
