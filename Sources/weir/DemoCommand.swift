import ArgumentParser
import Demo
import Dispatch
import Reactor

/// `weir demo`: a platform to look at, on loopback.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Runs three services, Weir before them, and some traffic.")

  @Option(name: .customLong("for"), help: "Ends after this many seconds, such as 10s.")
  var time: String?

  @Option(name: .shortAndLong, help: "The configuration of the proxy.")
  var config: String = "config/demo.yaml"

  private var seconds: Int? {
    time.flatMap { Int($0.hasSuffix("s") ? String($0.dropLast()) : $0) }
  }

  func validate() throws {
    if time != nil, seconds ?? 0 < 1 {
      throw ValidationError("--for must be a number of seconds such as 10s")
    }
  }

  func run() throws {
    do throws(NDPDemo.Fault) {
      let demo = try NDPDemo(seconds: seconds, isTerminal: ThisProcess.isTerminal) { print($0) }
      let signals = Signals([Signals.terminate, Signals.interrupt], on: .global()) { _ in demo.end()
      }
      try demo.run(configuration: config)
      withExtendedLifetime(signals) {}
    } catch {
      ThisProcess.say("weir: \(error)")
      throw ExitCode(69)
    }
  }
}
