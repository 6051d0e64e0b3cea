import ControlPlane
import Dispatch
import Histogram
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
  private let say: (String) -> Void
  private var services: [DemoService] = []
  private var client: DemoClient?
  private var ticker: Heartbeat?
  private var elapsed = 0
  private var answeredBefore = 0
  private var plane: ControlPlane?
  private var hasEnded: (@Sendable () -> Void)?

  package struct Fault: Error, CustomStringConvertible {
    package var description: String
  }

  /// `seconds`: ends by itself after that time; `say`: prints.
  package init(seconds: Int?, isTerminal: Bool, say: @escaping (String) -> Void) throws(Fault) {
    self.seconds = seconds
    self.isTerminal = isTerminal
    self.say = say
    do throws(Errno) {
      loop = try EventLoop(kernel: LinuxKernel())
    } catch {
      throw Fault(description: "the demo cannot start: \(error)")
    }
  }

  /// Starts the services and the proxy, then serves on the calling thread until it ends.
  package func run(configuration path: String) throws(Fault) {
    let names = ["prescription", "dispense", "medication"]
    do throws(Errno) {
      for (index, name) in names.enumerated() {
        for number in 1...3 {
          let service = try DemoService(
            loop: loop, pool: pool, document: DemoDocuments.document(name, endpoint: number),
            delay: .milliseconds(Int64(1 + index)))
          ThisProcess.setEnvironment("WEIR_DEMO_\(name.uppercased())_\(number)", "\(service.port)")
          services.append(service)
        }
      }
    } catch {
      throw Fault(description: "a service of the demo cannot listen: \(error)")
    }
    let plane = try startProxy(path)
    guard let proxy = plane.addresses.listeners["demo"] else {
      throw Fault(description: "\(path) has no listener named demo")
    }
    do throws(Errno) {
      client = try DemoClient(
        loop: loop, pool: pool, target: proxy,
        paths: ["/prescriptions/1", "/dispenses/7", "/medications?code=paracetamol"],
        pause: .milliseconds(20))
      ticker = try Heartbeat(on: loop) { [unowned self] in tick() }
    } catch {
      throw Fault(description: "the demo's client cannot start: \(error)")
    }
    if !isTerminal { say(DemoScreen.hints(view())) }
    ticker?.arm(at: loop.now.advanced(by: .seconds(1)))
    loop.run()
  }

  private func startProxy(_ path: String) throws(Fault) -> ControlPlane {
    var log = Logger(label: "weir")
    log.logLevel = .warning
    let made: ControlPlane
    do throws(ConfigurationFaults) {
      made = try ControlPlane(file: ConfigurationFile(path: path), log: log)
    } catch {
      throw Fault(description: error.faults.map(\.description).joined(separator: "\n"))
    }
    do throws(ControlPlane.StartFault) {
      try made.start { [self] in loop.mailbox.post { [self] in loop.stop() } }
    } catch {
      throw Fault(description: error.description)
    }
    plane = made
    return made
  }

  /// Ends it; any thread.
  package func end() {
    plane?.drain(delay: .zero)
  }

  private func tick() {
    elapsed += 1
    let view = view()
    answeredBefore = client?.answered ?? 0
    say(isTerminal ? DemoScreen.screen(view) : DemoScreen.line(view))
    if let seconds, elapsed >= seconds { return end() }
    ticker?.arm(at: loop.now.advanced(by: .seconds(1)))
  }

  private func view() -> DemoScreen.View {
    let addresses = plane?.addresses
    let answered = client?.answered ?? 0
    return DemoScreen.View(
      proxy: addresses?.listeners["demo"]?.description ?? "",
      admin: addresses?.admin?.description ?? "", elapsedSeconds: elapsed, answered: answered,
      perSecond: answered - answeredBefore, failures: client?.failures ?? 0,
      p50Microseconds: client?.latencies.valueAtPercentile(50) ?? 0,
      p99Microseconds: client?.latencies.valueAtPercentile(99) ?? 0,
      upstreams: plane?.upstreamText ?? "")
  }
}
