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

  private func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
    return try #require(attributes[.posixPermissions] as? Int)
  }

  /// The mode is that which is written, whatever the umask, for listeners and the admin address, and
  /// a reload changes it.
  @Test func socketsHaveTheirMode() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func yaml(_ mode: String) -> String {
      """
      workers: 2
      admin: { address: "unix:\(folder)/admin", socket_mode: "0600" }
      drain: { delay: 0s, timeout: 5s }
      listeners:
        - name: l
          address: unix:\(folder)/l
          socket_mode: "\(mode)"
          routes: [{ match: { prefix: / }, respond: { body: here } }]
      """
    }
    let proxy = try RunningProxy(yaml("0666"))
    #expect(try mode("l") == 0o666)
    #expect(try mode("admin") == 0o600)
    #expect(try ask("l") == "here")
    try proxy.rewrite(yaml("660"))
    proxy.plane.reload()
    #expect(try proxy.eventually { try mode("l") == 0o660 })
    #expect(proxy.stop())
  }

  @Test(arguments: [
    ("unix:/tmp/a", "\"0888\"", "an octal mode from 0000 to 0777"),
    ("unix:/tmp/a", "rw", "socket_mode must be an octal mode"),
    ("127.0.0.1:0", "\"0660\"", "socket_mode is for a unix: address"),
    ("\"unix:@a\"", "\"0660\"", "s path; remove it"),
  ])
  func otherModesAreRefused(address: String, mode: String, message: String) {
    let text = """
      listeners:
        - { name: l, address: \(address), socket_mode: \(mode), routes: [{ match: {}, respond: {} }] }
      """
    do {
      _ = try RunningProxy(text)
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
    }
  }
}
