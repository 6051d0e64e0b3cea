import Foundation
import Testing

/// What a shell, an editor and `man` get from the binary.
struct ShellTests {
  private static let root = ExampleTests.root

  /// bash completes what `weir completions bash` prints: a command, an option, a value.
  @Test(arguments: [
    ("weir simu", "simulate"), ("weir check --con", "--config"),
    ("weir simulate --format ", "json"), ("weir completions z", "zsh"),
    ("weir schema sc", "scenario"),
  ])
  func bashCompletes(line: String, expected: String) throws {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    let script = """
      source <("$0" completions bash)
      COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(\(words.map { "'\($0)'" }
        .joined(separator: " "))); COMP_CWORD=\(words.count - 1)
      function_name=$(complete -p weir | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      "$function_name" weir "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let reply = try Command.run("bash", ["-c", script, try WeirProcess.binary])
    #expect(reply.split(separator: "\n").contains { $0.hasPrefix(expected) }, "\(reply)")
  }

  @Test(arguments: ["zsh", "fish"])
  func otherShellsReadTheirScript(shell: String) throws {
    let script = try Command.require(try WeirProcess.binary, ["completions", shell])
    #expect(script.contains("simulate"))
    let file = NSTemporaryDirectory() + "weir-\(UUID().uuidString).\(shell)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try script.write(toFile: file, atomically: true, encoding: .utf8)
    try Command.require(shell, ["-n", file])
  }

  @Test func fishCompletes() throws {
    let script = "\"$argv[1]\" completions fish | source; complete -C 'weir simu'"
    let reply = try Command.run("fish", ["-c", script, try WeirProcess.binary])
    #expect(reply.contains("simulate"), "\(reply)")
  }

  @Test(arguments: [([], "weir"), (["configuration"], "weir"), (["scenario"], "scenario")])
  func printsTheSchemasOfTheRepository(arguments: [String], name: String) throws {
    let text = try Command.run(try WeirProcess.binary, ["schema"] + arguments)
    let file = "\(Self.root)/config/\(name).schema.json"
    #expect(try text == String(contentsOfFile: file, encoding: .utf8))
  }

  // MARK: The manual page

  private struct Tool: Decodable {
    struct Command: Decodable {
      struct Argument: Decodable {
        struct Name: Decodable {
          var kind: String
          var name: String
        }
        var names: [Name]?
        var abstract: String?
        var shouldDisplay: Bool
      }
      var commandName: String
      var abstract: String?
      var arguments: [Argument]?
      var subcommands: [Command]?
    }
    var command: Command
  }

  /// The page has each command and option with what `--help` says of it; `make man` makes it anew.
  @Test func theManualPageFollowsTheCommands() throws {
    let dump = try Command.run(try WeirProcess.binary, ["--experimental-dump-help"])
    let tool = try JSONDecoder().decode(Tool.self, from: Data(dump.utf8))
    let page = try Command.require("man", ["-l", "-Tascii", "\(Self.root)/docs/man/weir.1"])
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let source = try String(contentsOfFile: "\(Self.root)/docs/man/weir.1", encoding: .utf8)
    let commands = tool.command.subcommands ?? []
    #expect(commands.count >= 7 && page.contains("WEIR(1)"), "\(page.prefix(200))")
    for command in commands {
      let isThere = source.contains("\n.It Em \(command.commandName)\n")
      #expect(isThere, "make man: \(command.commandName)")
      for argument in command.arguments ?? [] where argument.shouldDisplay {
        for name in argument.names ?? [] where name.kind == "long" {
          let isThere = source.contains(", -\(name.name)") || source.contains("Fl -\(name.name)")
          #expect(isThere, "make man: \(command.commandName) --\(name.name)")
        }
        if let abstract = argument.abstract {
          let isThere = source.contains(abstract)
          #expect(isThere, "make man: \(command.commandName): \(abstract)")
        }
      }
    }
    let known = Set(
      commands.flatMap { $0.arguments ?? [] }.flatMap { $0.names ?? [] }.map(\.name))
    for line in source.split(separator: "\n") where line.hasPrefix(".It Fl") {
      let name = line.split(separator: " ").first { $0.hasPrefix("-") }?.dropFirst() ?? ""
      #expect(known.contains(String(name)), "make man: \(line) is no option any more")
    }
  }

  /// `make install` puts each file where the system looks for it.
  @Test func installNamesEachFile() throws {
    let plan = try Command.run("make", ["-n", "-C", Self.root, "install", "DESTDIR=/nowhere"])
    for path in ["/nowhere/usr/local/bin/weir", "/nowhere/usr/local/share/man/man1/weir.1"] {
      #expect(plan.contains(path), "\(plan)")
    }
  }
}
