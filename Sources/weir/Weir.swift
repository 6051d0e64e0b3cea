import ArgumentParser
import ControlPlane
import Reactor

struct Weir: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weir", abstract: "A sidecar proxy and circuit-breaker runtime.",
    version: ControlPlane.version,
    subcommands: [
      Run.self, Check.self, Explain.self, TopCommand.self, DemoCommand.self, Simulate.self,
      SchemaCommand.self,
      Completions.self,
    ])

  /// Without a command nothing was asked for: an error of usage, as git's and systemctl's siblings
  /// have it, so that a script that lost its arguments does not go on.
  func run() throws {
    ThisProcess.say("weir: a command is missing\n\n\(Self.helpMessage())")
    throw ExitCode.usage
  }
}
