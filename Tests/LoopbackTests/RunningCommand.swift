import Foundation
import Glibc
import WeirTesting

/// A command that is watched while it runs, and typed to.
final class RunningCommand {
  private let process = ChildProcess()
  private let output = Pipe()
  private let input = Pipe()
  /// What came behind the text that was waited for.
  private var rest = ""

  init(_ command: String, _ arguments: [String]) throws {
    process.executableURL = URL(filePath: command)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = output
    process.standardInput = input
    try process.run()
  }

  var exitCode: Int32 {
    process.waitUntilExit()
    return process.exitCode
  }

  func type(_ text: String) {
    input.fileHandleForWriting.write(Data(text.utf8))
  }

  func interrupt() { process.signal(SIGINT) }

  /// What it printed since the last call, up to and with `text`, or to its end. Text that does not
  /// come within twice the tests' patience ends the command, so that the test fails and does not hang.
  func read(until text: String) -> String {
    let command = process.processIdentifier
    let watch = DispatchWorkItem { kill(command, SIGTERM) }
    DispatchQueue.global().asyncAfter(
      deadline: .now() + .seconds(2 * Patience.seconds), execute: watch)
    defer { watch.cancel() }
    while !rest.contains(text) {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { break }
      rest += String(decoding: data, as: UTF8.self)
    }
    let end = rest.range(of: text)?.upperBound ?? rest.endIndex
    defer { rest = String(rest[end...]) }
    return String(rest[..<end])
  }

  func readToEnd() -> String {
    let data = output.fileHandleForReading.readDataToEndOfFile()
    defer { rest = "" }
    return rest + String(decoding: data, as: UTF8.self)
  }

  /// Whatever became of it, nothing of it stays.
  func end() {
    try? input.fileHandleForWriting.close()
    process.signal(SIGTERM)
  }
}
