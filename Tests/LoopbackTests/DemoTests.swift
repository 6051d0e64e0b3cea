import Foundation
import Testing

/// `weir demo` as a newcomer meets it.
struct DemoTests {
  private static let arguments =
    "demo --port 0 --admin-port 0 --config \(ExampleTests.root)/config/demo.yaml"

  /// Without a terminal it prints lines; the commands among them work when pasted.
  @Test func whatItSaysToTryWorks() throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: try WeirProcess.binary)
    process.arguments = Self.arguments.split(separator: " ").map(String.init)
    process.standardOutput = pipe
    try process.run()
    defer { if process.isRunning { process.terminate() } }
    var text = ""
    while !text.contains("\n1s  answered") {
      let data = pipe.fileHandleForReading.availableData
      if data.isEmpty { break }
      text += String(decoding: data, as: UTF8.self)
    }
    let commands = text.split(separator: "\n").filter { $0.hasPrefix("  curl ") }
    let expected = [
      "\"resourceType\":\"MedicationRequest\",\"id\":\"rx-1\"", "HTTP/1.1 201 Created",
      "\"resourceType\":\"Bundle\"", "no_route", "medication-directory  connections",
      "weir_requests_total{",
    ]
    #expect(commands.count == expected.count, "\(text)")
    for (command, part) in zip(commands, expected) {
      let quiet = String(command.replacing("curl ", with: "curl -s "))
      let output = try Command.run("sh", ["-c", quiet])
      #expect(output.contains(part), "\(command): \(output)")
    }
    process.interrupt()
    let rest = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(String(decoding: rest, as: UTF8.self).hasSuffix("failed 0.\n"))
  }

  /// On a terminal it takes the other screen and gives the first one and the cursor back.
  @Test func restoresTheTerminal() throws {
    let command = "\(try WeirProcess.binary) \(Self.arguments) --for 1s"
    let output = try Command.run("script", ["-qec", command, "/dev/null"])
    #expect(output.hasPrefix("\u{1B}[?1049h\u{1B}[?25l"))
    #expect(output.contains("prescription-1") && output.contains("p99"))
    let end = try #require(output.range(of: "\u{1B}[?25h\u{1B}[?1049l"))
    #expect(output[end.upperBound...].contains("The demo ended after 1 s"))
  }
}
