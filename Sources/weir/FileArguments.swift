import ArgumentParser

/// Where a command's configuration comes from: `weir check FILE`, or as before `--config FILE`.
struct FileArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The configuration file; - reads standard input.", valueName: "file"))
  var file: String?

  @Option(name: .shortAndLong, help: "The same.")
  var config: String?

  /// There, once it is validated.
  var path: String { file ?? config ?? "" }

  func validate() throws {
    if file != nil, config != nil {
      throw ValidationError("the configuration is given twice; leave --config out")
    }
    if file == nil, config == nil {
      throw ValidationError("no configuration is given; write its file behind the command")
    }
  }
}
