import ControlPlane
import Discovery
import Glibc
import Logging
import Primitives
import ProxyConfiguration
import Reactor

/// `weir run` with changes: so many times a second, as WEIR_CHURN_RATE says, one endpoint of the first
/// upstream leaves and the one that left before it returns.
enum ChurningProxy {
  static func run(file path: String) throws {
    let rate = ThisProcess.environment("WEIR_CHURN_RATE").flatMap { UInt32($0) } ?? 0
    let file = ConfigurationFile(path: path)
    let upstream = try file.load().upstreams[0]
    let all = EndpointResolution().answer(upstream.endpoints.map { ($0.address, $0.weight) })
    var log = Logger(label: "weir-churn")
    log.logLevel = .error
    let plane = try ControlPlane(file: file, log: log)
    try plane.start { ThisProcess.exit(0) }
    var change = 0
    while true {
      guard rate > 0 else {
        sleep(1)
        continue
      }
      usleep(1_000_000 / rate)
      var endpoints = all.endpoints
      endpoints.remove(at: change * 7919 % endpoints.count)
      change += 1
      plane.setEndpoints(of: upstream.name, endpoints)
    }
  }
}
