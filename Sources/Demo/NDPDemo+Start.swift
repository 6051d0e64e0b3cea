import ControlPlane
import Logging
import Primitives
import ProxyConfiguration
import Reactor

/// What runs before anything is shown: services first, because the configuration asks where they
/// are.
extension NDPDemo {
  /// Endpoints on ports that are free, handed to the configuration as variables.
  func startServices() throws(Errno) {
    for service in DemoPlatform.services {
      var made: [DemoService] = []
      for number in 0..<DemoPlatform.endpointCount {
        let endpoint = try DemoService(loop: loop, service: service, number: number)
        let word = service.name.uppercased().split(separator: "-").joined(separator: "_")
        ThisProcess.setEnvironment("WEIR_DEMO_\(word)_\(number)", "\(endpoint.port)")
        names[endpoint.address] = endpoint.name
        made.append(endpoint)
      }
      endpoints.append(made)
    }
  }

  func startProxy(_ file: ConfigurationFile) throws(Fault) -> ControlPlane {
    var log = Logger(label: "weir")
    // What it warns of is what the screen shows.
    log.logLevel = .error
    let made: ControlPlane
    do throws(ConfigurationFaults) {
      made = try ControlPlane(file: file, log: log)
    } catch {
      let faults = error.faults.map(\.description).joined(separator: "\n")
      let hint =
        error.isUnreadable ? "\nleave --config out for the configuration of this binary" : ""
      throw Fault(
        description: faults + hint, isConfiguration: true, isUnreadable: error.isUnreadable)
    }
    made.watch { [self] change in
      loop.mailbox.post { [self] in note(change) }
    }
    do throws(ControlPlane.StartFault) {
      try made.start { [self] in loop.mailbox.post { [self] in loop.stop() } }
    } catch {
      throw Fault(
        description: "\(error)\nother ports: weir demo --port 8081 --admin-port 9902 (0: any)")
    }
    plane = made
    return made
  }
}
