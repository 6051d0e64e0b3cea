import ArgumentParser
import ControlPlane
import ProxyConfiguration
import Reactor

/// `weir check`: every fault of a configuration, or that it is good; warnings go to standard error
/// and change nothing.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks a configuration: prints every fault with its place, or that it is good.",
    discussion: "Policies that work against each other are warned of on standard error.")

  @Option(name: .shortAndLong, help: "The configuration file.")
  var config: String

  func run() throws {
    do throws(ConfigurationFaults) {
      let configuration = try ConfigurationFile(path: config).load()
      for warning in configuration.warnings { ThisProcess.say(warning.description) }
      let routes = configuration.listeners.reduce(0) { $0 + $1.routes.count }
      print(
        "\(config) is good: listeners \(configuration.listeners.count), routes \(routes), "
          + "upstreams \(configuration.upstreams.count)")
    } catch {
      for fault in error.faults { print(fault) }
      throw ExitCode(1)
    }
  }
}
