import Foundation
import Glibc
import Testing
import WeirTesting

/// The Dockerfile, as far as it can be held against the truth outside of a container.
@Suite(.serialized)
struct ImageTests {
  /// An instruction with its continued lines joined; the stage's number.
  private struct Instruction {
    var stage: Int
    var name: String
    var rest: String
  }

  private static func instructions() throws -> [Instruction] {
    let text = try String(contentsOfFile: ExampleTests.root + "/Dockerfile", encoding: .utf8)
    var stage = -1
    return text.replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n")
      .filter { !$0.hasPrefix("#") }.map { line in
        let parts = line.split(separator: " ", maxSplits: 1)
        if parts[0] == "FROM" { stage += 1 }
        return Instruction(
          stage: stage, name: String(parts[0]),
          rest: parts[1].split(separator: " ").joined(separator: " "))
      }
  }

  private func only(_ name: String) throws -> String {
    let found = try Self.instructions().filter { $0.name == name }
    #expect(found.count == 1)
    return try #require(found.first).rest
  }

  private func list(_ name: String) throws -> [String] {
    let text = try only(name)
    let start = try #require(text.firstIndex(of: "["))
    return try JSONDecoder().decode([String].self, from: Data(text[start...].utf8))
  }

  @Test func buildsAsTheMakefileDoes() throws {
    let build = try Self.instructions().filter { $0.stage == 0 && $0.name == "RUN" }.map(\.rest)
    #expect(build.suffix(2) == ["make packages-build", "make build"])
    let makefile = try String(contentsOfFile: ExampleTests.root + "/Makefile", encoding: .utf8)
    #expect(makefile.contains("\nbuild: packages-build\n\t$(RELEASE)\n"))
    #expect(makefile.contains("-c release --product weir --static-swift-stdlib\n"))
  }

  @Test func copiesWhatIsThere() throws {
    let ignored = try String(contentsOfFile: ExampleTests.root + "/.dockerignore", encoding: .utf8)
    for copy in try Self.instructions() where copy.name == "COPY" {
      var words = copy.rest.split(separator: " ").map(String.init)
      if words[0] == "--from=build" {
        #expect(words[1] == "/weir/.build/release/weir" && words[2] == "/usr/local/bin/weir")
        continue
      }
      words.removeLast()
      for source in words {
        #expect(FileManager.default.fileExists(atPath: "\(ExampleTests.root)/\(source)"))
        #expect(ignored.contains("\n!\(source)\n"), "\(source) is kept from the builder")
      }
    }
  }

  @Test func runsAsNobodyInParticular() throws {
    let user = try only("USER").split(separator: ":").compactMap { Int($0) }
    #expect(user.count == 2 && !user.contains(0))
    #expect(
      try list("ENTRYPOINT") + list("CMD") == ["weir", "run", "--config", "/etc/weir/weir.yaml"])
    #expect(try only("EXPOSE") == "8080 9901")
  }

  /// Debian packages of the libraries that `binary` is linked to, those left out that every Debian
  /// image has (apt needs them) and, in a debug build, the toolchain's own.
  private func packages(of binary: String) throws -> Set<String> {
    let libraries = try Command.run("ldd", [binary]).split(separator: "\n").compactMap {
      $0.split(separator: " ").first { $0.hasPrefix("/") }.map(String.init)
    }
    #expect(!libraries.isEmpty)
    var found: Set<String> = []
    for library in libraries where !library.contains("/usr/lib/swift/") {
      let path = try Command.run("realpath", [library]).split(separator: "\n").first ?? ""
      // dpkg knows files of a merged /usr by either name.
      let names = [String(path), path.replacingOccurrences(of: "/usr/lib", with: "/lib"), library]
      let owner = try names.lazy.compactMap {
        try Command.run("sh", ["-c", "dpkg -S \($0) 2>/dev/null"]).split(separator: ":").first
      }.first
      found.insert(String(try #require(owner, "nobody owns \(library)")))
    }
    return found.subtracting(["libc6", "libgcc-s1", "libstdc++6"])
  }

  @Test func installsTheLibrariesThatTheBinaryNeeds() throws {
    let install = try #require(
      try Self.instructions().first { $0.stage == 1 && $0.rest.contains("apt-get install") })
    let words = install.rest.components(separatedBy: " && ")
      .first { $0.hasPrefix("apt-get install") }?.split(separator: " ").dropFirst(2)
    let wanted = Set((words ?? []).filter { !$0.hasPrefix("-") }.map(String.init))
    #expect(try packages(of: WeirProcess.binary) == wanted)
    let release = ExampleTests.root + "/.build/release/weir"
    if FileManager.default.fileExists(atPath: release) {
      #expect(try packages(of: release) == wanted)
    }
  }

  /// The very command: it succeeds beside a process that is ready, and fails when that has gone.
  @Test func theHealthCheckTellsReadyFromGone() throws {
    let command = try list("HEALTHCHECK")
    #expect(command.prefix(2) == ["bash", "-c"])
    let weir = try WeirProcess { _ in "    routes: [{ match: {}, respond: {} }]" }
    func check() throws -> String {
      let port = "WEIR_ADMIN_PORT=\(weir.adminPort)"
      let line = "\"$@\" 2>/dev/null; echo $?"
      return try Command.run("env", [port, "timeout", "60", "sh", "-c", line, "sh"] + command)
    }
    #expect(try check() == "0\n")
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
    #expect(try check() == "1\n")
  }
}
