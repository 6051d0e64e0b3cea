import Primitives
import ProxyConfiguration
import Reactor
import Routing

/// A configuration file: reads it, checks all of it, and sees when it has changed.
package struct ConfigurationFile: Sendable {
  package let path: String

  package init(path: String) {
    self.path = path
  }

  /// The configuration, or every fault; patterns of routes are compiled too.
  package func load() throws(ConfigurationFaults) -> Configuration {
    let text: [UInt8]
    do throws(Errno) {
      text = try SystemFile.read(path)
    } catch {
      throw ConfigurationFaults(faults: [
        ConfigurationFault(
          file: path, line: 1, column: 1, message: "the file cannot be read: \(error)")
      ])
    }
    let configuration = try ConfigurationReader.read(
      text, file: path, environment: ThisProcess.environment)
    let faults = configuration.listeners.flatMap(routeFaults)
    guard faults.isEmpty else { throw ConfigurationFaults(faults: faults) }
    return configuration
  }

  package var stamp: SystemFile.Stamp? { SystemFile.stamp(path) }

  private func routeFaults(_ listener: ListenerConfiguration) -> [ConfigurationFault] {
    listener.routes.compactMap { route in
      do throws(RouteFault) {
        _ = try RouteTable([RouteMatch(route)])
        return nil
      } catch {
        return ConfigurationFault(
          file: path, line: route.line, column: route.column,
          message: "the route's regular expression does not compile: \(error.message)")
      }
    }
  }
}
