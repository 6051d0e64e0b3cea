import ArgumentParser
import ProxyConfiguration

/// `weir schema`: the JSON Schema of what this binary reads, for editors and for checks in CI.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Prints the JSON Schema of a configuration, or of a scenario.",
    discussion: """
      An editor with YAML support completes and checks a file that begins with a line such as

        # yaml-language-server: $schema=weir.schema.json

      after weir schema > weir.schema.json. What a schema cannot say, such as that an upstream \
      exists, only weir check finds.
      """)

  enum Subject: String, ExpressibleByArgument, CaseIterable {
    case configuration, scenario
  }

  @Argument(help: "configuration: the keys of weir run. scenario: those of weir simulate.")
  var subject: Subject = .configuration

  func run() {
    let text =
      switch subject {
      case .configuration: ConfigurationSchema.text
      case .scenario: ConfigurationSchema.scenarioText
      }
    print(text, terminator: "")
  }
}
