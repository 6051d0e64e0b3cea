import ArgumentParser
import Demo
import Dispatch
import Reactor

/// `weir demo`: a platform to look at, on loopback.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Runs three services, Weir before them, and some traffic.",
    discussion: "On a terminal it shows a screen, else one line a second. Control-C ends it.")

  @Option(name: .customLong("for"), help: "Ends after this many seconds, such as 10s.")
  var time: String?

  @Option(name: .shortAndLong, help: "The configuration of the proxy.")
  var config: String = "config/demo.yaml"

  @Option(help: "The port of the proxy, 8080 if not given; 0: any that is free.")
  var port: UInt16?

  @Option(help: "The port of its admin listener, 9901 if not given; 0: any that is free.")
  var adminPort: UInt16?

  private var seconds: Int? {
    time.flatMap { Int($0.hasSuffix("s") ? String($0.dropLast()) : $0) }
  }

  /// sysexits(3).
  private static let badConfiguration: Int32 = 78
  private static let unavailable: Int32 = 69

  func validate() throws {
    if time != nil, seconds ?? 0 < 1 {
      throw ValidationError("--for must be a number of seconds such as 10s")
    }
  }

  func run() throws {
    if let port { ThisProcess.setEnvironment("WEIR_DEMO_PORT", "\(port)") }
    if let adminPort { ThisProcess.setEnvironment("WEIR_DEMO_ADMIN_PORT", "\(adminPort)") }
    do throws(NDPDemo.Fault) {
      let demo = try NDPDemo(seconds: seconds, isTerminal: Terminal.isThere, write: Terminal.write)
      let signals = Signals([Signals.terminate, Signals.interrupt], on: .global()) { _ in
        demo.end()
      }
      try demo.run(configuration: config)
      withExtendedLifetime(signals) {}
    } catch {
      ThisProcess.say("weir: \(error)")
      throw ExitCode(error.isConfiguration ? Self.badConfiguration : Self.unavailable)
    }
  }
}
