import ArgumentParser
import ControlPlane

struct Weir: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weir", abstract: "A sidecar proxy and circuit-breaker runtime.",
    version: ControlPlane.version,
    subcommands: [
      Run.self, Check.self, Explain.self, DemoCommand.self, Simulate.self, SchemaCommand.self,
      Completions.self,
    ])
}
