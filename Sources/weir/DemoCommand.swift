import ArgumentParser
import ControlPlane
import Demo
import Dispatch
import Reactor

/// `weir demo`: a platform to look at, on loopback.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Runs a small platform, Weir before it, and some traffic; break it and watch.",
    discussion: """
      On a terminal it shows a screen: choose an endpoint with the arrows, and kill it (k), slow it \
      (s), have it answer errors (e) or force its breaker open (f); the same key undoes it. Capitals \
      do it to the whole service, r heals everything, ? tells more, q or Control-C ends it. Else it \
      prints one line a second, and one for each event.

      Without a keyboard, --script does the same. Its steps are separated by semicolons: \
      "at TIME kill|slow|fail|force SERVICE", with /0 to /2 behind the service for one of its \
      endpoints, or "at TIME heal", which may name either too. The services are prescription, \
      dispense, ai-validation, medication-directory and reporting. --for ends the demo, script or not:

        weir demo --for 12s --script "at 2s kill ai-validation/0; at 4s slow dispense; at 7s heal"
      """)

  @Option(name: .customLong("for"), help: "Ends after this many seconds, such as 10s.")
  var time: String?

  @Option(
    name: .shortAndLong,
    help:
      "The configuration. Left out: config/demo.yaml if there is one, reloaded on change, or this binary's."
  )
  var config: String?

  @Flag(help: "Prints the configuration that this binary brings along, and ends.")
  var printConfig = false

  @Option(help: "The port of the proxy, 8080 if not given; 0: any that is free.")
  var port: UInt16?

  @Option(help: "The port of its admin listener, 9901 if not given; 0: any that is free.")
  var adminPort: UInt16?

  @Option(help: "What to do to the services when, such as 'at 3s kill dispense/0; at 6s heal'.")
  var script: String?

  private var seconds: Int? {
    time.flatMap { Int($0.hasSuffix("s") ? String($0.dropLast()) : $0) }
  }

  func validate() throws {
    if time != nil, seconds ?? 0 < 1 {
      throw ValidationError("--for must be a number of seconds such as 10s")
    }
    do throws(DemoScript.Fault) {
      _ = try DemoScript(script ?? "", within: seconds)
    } catch {
      throw ValidationError("--script: \(error)")
    }
  }

  private static let usualPath = "config/demo.yaml"

  private var file: ConfigurationFile {
    if let config { return ConfigurationFile(path: config) }
    let usual = ConfigurationFile(path: Self.usualPath)
    return usual.stamp == nil
      ? ConfigurationFile(builtIn: DemoConfiguration.text, named: "the built-in demo.yaml") : usual
  }

  func run() throws {
    if printConfig { return print(DemoConfiguration.text, terminator: "") }
    if let port { ThisProcess.setEnvironment("WEIR_DEMO_PORT", "\(port)") }
    if let adminPort { ThisProcess.setEnvironment("WEIR_DEMO_ADMIN_PORT", "\(adminPort)") }
    do throws(NDPDemo.Fault) {
      let demo = try NDPDemo(
        NDPDemo.Options(
          seconds: seconds,
          isTerminal: Terminal.isThere && ThisProcess.environment("TERM") != "dumb",
          inColour: Terminal.wantsColour,
          script: (try? DemoScript(script ?? "")) ?? DemoScript()),
        write: Terminal.write)
      let signals = Signals([Signals.terminate, Signals.interrupt], on: .global()) { _ in
        demo.end()
      }
      try demo.run(configuration: file)
      withExtendedLifetime(signals) {}
    } catch {
      ThisProcess.say("weir: \(error)")
      throw error.isUnreadable
        ? ExitCode.noInput : error.isConfiguration ? .badConfiguration : .unavailable
    }
  }
}
