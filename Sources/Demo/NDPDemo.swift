import ControlPlane
import Dispatch
import Logging
import Primitives
import ProxyConfiguration
import Reactor

/// `weir demo`: a small platform on loopback in this process, with Weir in front.
package final class NDPDemo: @unchecked Sendable {
  // SAFETY: everything below is used on the demo's loop only, once `run` has begun.
  private let loop: EventLoop
  private let pool = BufferPool(bytesMax: 64 << 20)
  private let isTerminal: Bool
  private let seconds: Int?
  /// Prints as it is.
  private let write: (String) -> Void
  private var endpoints: [[DemoService]] = []
  /// What each endpoint had answered a second ago.
  private var answeredBefore: [[Int]] = []
  private var client: DemoClient?
  private var ticker: Heartbeat?
  private var elapsed = 0
  private var plane: ControlPlane?

  package struct Fault: Error, CustomStringConvertible {
    package var description: String
    /// The configuration is at fault, not the machine.
    package var isConfiguration = false
  }

  /// `seconds`: ends by itself after that time.
  package init(
    seconds: Int?, isTerminal: Bool, write: @escaping (String) -> Void
  ) throws(Fault) {
    self.seconds = seconds
    self.isTerminal = isTerminal
    self.write = write
    do throws(Errno) {
      loop = try EventLoop(kernel: LinuxKernel())
    } catch {
      throw Fault(description: "the demo cannot start: \(error)")
    }
  }

  /// Starts the services and the proxy, then serves on the calling thread until it ends.
  package func run(configuration path: String) throws(Fault) {
    do throws(Errno) {
      try startServices()
    } catch {
      throw Fault(description: "a service of the demo cannot listen: \(error)")
    }
    let plane = try startProxy(path)
    guard let proxy = plane.addresses.listeners["demo"] else {
      throw Fault(
        description: "\(path) has no listener named demo; give it one", isConfiguration: true)
    }
    do throws(Errno) {
      client = try DemoClient(
        loop: loop, pool: pool, target: proxy, requests: DemoRequest.mix,
        pause: .milliseconds(20))
      ticker = try Heartbeat(on: loop) { [unowned self] in tick() }
    } catch {
      throw Fault(description: "the demo's client cannot start: \(error)")
    }
    write(
      isTerminal ? DemoScreen.enter : DemoScreen.hints(view()).joined(separator: "\n") + "\n\n")
    if isTerminal { show(view()) }
    ticker?.arm(at: loop.now.advanced(by: .seconds(1)))
    loop.run()
    write((isTerminal ? DemoScreen.leave : "") + DemoScreen.summary(view()) + "\n")
  }

  /// Three endpoints a service on ports that are free, handed to the configuration as variables.
  private func startServices() throws(Errno) {
    for (index, service) in DemoPlatform.services.enumerated() {
      var made: [DemoService] = []
      for number in 1...3 {
        let endpoint = try DemoService(
          loop: loop, pool: pool, service: service, number: number,
          delay: .milliseconds(Int64(1 + index)))
        let word = service.name.uppercased().split(separator: "-")[0]
        ThisProcess.setEnvironment("WEIR_DEMO_\(word)_\(number)", "\(endpoint.port)")
        made.append(endpoint)
      }
      endpoints.append(made)
      answeredBefore.append(made.map { _ in 0 })
    }
  }

  private func startProxy(_ path: String) throws(Fault) -> ControlPlane {
    var log = Logger(label: "weir")
    log.logLevel = .warning
    let made: ControlPlane
    do throws(ConfigurationFaults) {
      made = try ControlPlane(file: ConfigurationFile(path: path), log: log)
    } catch {
      let faults = error.faults.map(\.description).joined(separator: "\n")
      let hint =
        error.isUnreadable ? "\nrun the demo in the repository, or name a file with --config" : ""
      throw Fault(description: faults + hint, isConfiguration: true)
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

  /// Ends it; any thread.
  package func end() {
    loop.mailbox.post { [self] in client?.stop() }
    plane?.drain(delay: .zero)
  }

  private func tick() {
    elapsed += 1
    client?.turn()
    let view = view()
    answeredBefore = endpoints.map { $0.map(\.answered) }
    show(view)
    if let seconds, elapsed >= seconds { return end() }
    ticker?.arm(at: loop.now.advanced(by: .seconds(1)))
  }

  private func show(_ view: DemoScreen.View) {
    guard isTerminal else { return write(DemoScreen.line(view) + "\n") }
    // Asked each time: the terminal may have been resized.
    let size = Terminal.size ?? (80, 24)
    write(DemoScreen.screen(view, columns: size.columns, rows: size.rows))
  }

  private func view() -> DemoScreen.View {
    let addresses = plane?.addresses
    let latencies = client?.latencies ?? []
    let states = plane?.upstreamViews.flatMap(\.endpoints) ?? []
    let services = DemoPlatform.services.indices.map { index in
      let own = index < latencies.count ? latencies[index] : DemoLatencies()
      return DemoScreen.Service(
        name: DemoPlatform.services[index].name, perSecond: own.lastSecond,
        p50Microseconds: own.percentile(50), p99Microseconds: own.percentile(99),
        endpoints: zip(endpoints[index], answeredBefore[index]).map { endpoint, before in
          let address = "127.0.0.1:\(endpoint.port)"
          let state = states.first { $0.address == address }
          return DemoScreen.Endpoint(
            name: endpoint.name, address: address, perSecond: endpoint.answered - before,
            inFlight: state?.inFlight ?? 0, connections: state?.connections ?? 0)
        })
    }
    return DemoScreen.View(
      proxy: addresses?.listeners["demo"]?.description ?? "",
      admin: addresses?.admin?.description ?? "", elapsedSeconds: elapsed,
      answered: latencies.reduce(0) { $0 + $1.total }, failures: client?.failures ?? 0,
      services: services)
  }
}
