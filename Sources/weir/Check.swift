import ArgumentParser
import ControlPlane
import ProxyConfiguration
import Reactor

/// `weir check`: every fault of a configuration, or that it is good; warnings go to standard error
/// and change nothing.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks a configuration: prints every fault with its place, or that it is good.",
    discussion: """
      Policies that work against each other, what can have no effect, and limits that the \
      descriptors of this shell cannot meet are warned of on standard error. Ends with 0 where the \
      file is good, with 1 where it has faults, and with 66 where it cannot be read.
      """)

  @OptionGroup var source: FileArguments

  func run() throws {
    do throws(ConfigurationFaults) {
      let configuration = try ConfigurationFile(path: source.path).load()
      for warning in configuration.warnings { ThisProcess.say(warning.description) }
      if let warning = Self.descriptorWarning(configuration) {
        ThisProcess.say("\(source.path): warning: \(warning)")
      }
      let routes = configuration.listeners.reduce(0) { $0 + $1.routes.count }
      print(
        "\(source.path) is good: listeners \(configuration.listeners.count), routes \(routes), "
          + "upstreams \(configuration.upstreams.count)")
      let shadowed = configuration.shadowed
      if !shadowed.isEmpty {
        print("in shadow, so that they refuse nothing: \(shadowed.joined(separator: ", "))")
      }
    } catch {
      for fault in error.faults { print(fault) }
      throw error.isUnreadable ? ExitCode.noInput : ExitCode(1)
    }
  }

  /// Where the proxy is started as this command was, its limits are these.
  private static func descriptorWarning(_ configuration: Configuration) -> String? {
    guard let limit = ThisProcess.raiseDescriptorLimit() else { return nil }
    let needs = DescriptorPlan.Needs(
      workers: configuration.workers ?? WorkerCount.decide(),
      listeners: configuration.listeners.count, connectionsMax: configuration.connectionsMax)
    return DescriptorPlan(limit: limit, needs).warning
  }
}
