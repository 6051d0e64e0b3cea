import ControlPlane
import Foundation
import Testing
import WeirTesting

/// The files of Unix-domain listeners: whose they are, and when they go.
@Suite(.serialized)
struct UnixPathTests {
  private let folder = NSTemporaryDirectory() + "weir-path-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func yaml(_ names: [String], _ body: String, prefix: String = "l") -> String {
    let listeners = names.map {
      """
        - name: \(prefix)-\($0)
          address: unix:\(folder)/\($0)
          routes: [{ match: { prefix: / }, respond: { body: \(body) } }]
      """
    }
    return """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: 5s }
      listeners:
      \(listeners.joined(separator: "\n"))
      """
  }

  private func ask(_ name: String) throws -> String {
    try Command.run("curl", ["-s", "--unix-socket", "\(folder)/\(name)", "http://test/"])
  }

  private func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(name)")
  }

  @Test func leavesALivePathToItsOwner() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try RunningProxy(yaml(["a"], "first"))
    #expect(throws: ControlPlane.StartFault.self) { try RunningProxy(yaml(["a"], "second")) }
    #expect(try ask("a") == "first")
    #expect(first.stop())
    #expect(!exists("a"))
  }

  /// A process that was killed leaves its file; the next one takes the path.
  @Test func takesAStalePath() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    _ = try Command.run(
      "python3",
      ["-c", "import socket;s=socket.socket(socket.AF_UNIX);s.bind('\(folder)/a');s.listen()"])
    #expect(exists("a"))
    let proxy = try RunningProxy(yaml(["a"], "next"))
    #expect(try ask("a") == "next")
    #expect(proxy.stop())
  }

  @Test func leavesAnothersFileAtTheEnd() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let proxy = try RunningProxy(yaml(["a"], "here"))
    try FileManager.default.removeItem(atPath: "\(folder)/a")
    try "another's".write(toFile: "\(folder)/a", atomically: true, encoding: .utf8)
    #expect(proxy.stop())
    #expect(exists("a"))
  }

  @Test func aReloadTakesThePathAwayOrOver() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let proxy = try RunningProxy(yaml(["a", "b"], "here"))
    #expect(exists("a") && exists("b"))
    try proxy.rewrite(yaml(["b"], "renamed", prefix: "m"))
    proxy.plane.reload()
    #expect(proxy.eventually { !exists("a") })
    #expect(try proxy.eventually { try ask("b") == "renamed" })
    #expect(proxy.stop())
    #expect(!exists("b"))
  }
}
