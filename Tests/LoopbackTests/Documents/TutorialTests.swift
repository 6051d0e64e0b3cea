import Foundation
import Testing
import WeirTesting

/// The tutorial, as somebody follows it: every command of the page, in its order, on ports that are free.
@Suite(.serialized)
struct TutorialTests {
  private struct Block {
    /// `sh`, `sh background`, `sh until`, `text`, or `python file=NAME`.
    var kind: String
    var text: String
  }

  private static func blocks() throws -> [Block] {
    let page = try String(
      contentsOfFile: "\(ExampleTests.root)/docs/tutorial.md", encoding: .utf8)
    return page.matches(of: /(?ms)^```([a-z][^\n]*)\n(.*?)^```$/).map {
      Block(kind: String($0.1), text: String($0.2))
    }
  }

  private let folder = NSTemporaryDirectory() + "weir-tutorial-\(UUID().uuidString)"

  /// Runs a block in the tutorial's folder, where `weir` is the binary.
  private func run(_ text: String, admin: UInt16) throws -> String {
    try Command.run(
      "bash",
      [
        "-c",
        "cd '\(folder)'; export PATH=\"$PWD/bin:$PATH\" WEIR_ADMIN=127.0.0.1:\(admin)\n"
          + "{ \(text)\n} 2>&1",
      ])
  }

  @Test func everyCommandDoesWhatThePageSays() throws {
    let reservations = try (0..<4).map { _ in try PortReservation() }
    let ports = reservations.map(\.port)
    try FileManager.default.createDirectory(
      atPath: folder + "/bin", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/bin/weir", withDestinationPath: try WeirProcess.binary)
    var running: [ChildProcess] = []
    defer { for process in running { process.signal(SIGKILL) } }

    var output = ""
    var again: String?
    let blocks = try Self.blocks()
    #expect(blocks.filter { $0.kind == "text" }.count >= 8)
    for var block in blocks {
      for (written, own) in zip(["8080", "9901", "3001", "3002"], ports) {
        block.text = block.text.replacing(written, with: "\(own)")
      }
      switch block.kind {
      case "sh": output = try run(block.text, admin: ports[1])
      case "sh until":
        again = block.text
        output = try run(block.text, admin: ports[1])
      case "sh background":
        for line in block.text.split(separator: "\n") {
          running.append(try begin(line.replacing(#/ &$/#, with: "")))
        }
        let mentioned = block.text.contains("weir") ? [ports[1]] : [ports[2], ports[3]]
        for port in mentioned {
          #expect(Patience.waits { (try? BlockingSocket.connect(port: port)) != nil })
        }
      case "text":
        if let command = again {
          #expect(
            Patience.waits {
              output = (try? run(command, admin: ports[1])) ?? ""
              return holds(block.text, output)
            }, "\(command): \(output)")
          again = nil
        }
        #expect(holds(block.text, output), "the page says \(block.text)it was \(output)")
      default:
        let name = block.kind.split(separator: "=").last.map(String.init) ?? ""
        try block.text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
      }
    }
  }

  /// Every line of the page stands in the output, whatever stands around it.
  private func holds(_ expected: String, _ output: String) -> Bool {
    expected.split(separator: "\n").allSatisfy {
      output.contains($0.trimmingCharacters(in: .whitespaces))
    }
  }

  private func begin(_ line: some StringProtocol) throws -> ChildProcess {
    let process = ChildProcess()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "cd '\(folder)'; PATH=\"$PWD/bin:$PATH\"; exec \(line) >/dev/null 2>&1",
    ]
    try process.run()
    return process
  }
}
