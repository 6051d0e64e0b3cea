import ArgumentParser
import ControlPlane
import Dispatch
import Logging
import ProxyConfiguration
import Reactor

/// `weir run`: serves until it is told to stop.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the proxy.",
    discussion: """
      SIGTERM and SIGINT drain and exit 0, a second one ends at once, SIGHUP reloads, SIGUSR1 reopens \
      the log.
      """)

  @OptionGroup var source: FileArguments

  @Option(help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel: String = "info"

  func validate() throws {
    guard Logger.Level(rawValue: logLevel) != nil else {
      throw ValidationError("--log-level must be one of \(Logger.Level.allCases)")
    }
  }

  func run() throws {
    LoggingSystem.bootstrap { _ in LevelledLog() }
    LevelledLog.level = Logger.Level(rawValue: logLevel) ?? .info
    let plane: ControlPlane
    do throws(ConfigurationFaults) {
      plane = try ControlPlane(
        file: ConfigurationFile(path: source.path), log: Logger(label: "weir"))
    } catch {
      for fault in error.faults { ThisProcess.say(fault.description) }
      throw error.isUnreadable ? ExitCode.noInput : .badConfiguration
    }
    let signals = Self.listen(plane)
    do throws(ControlPlane.StartFault) {
      try plane.start {
        LevelledLog.flush()
        ThisProcess.exit(0)
      }
    } catch {
      ThisProcess.say("weir: \(error)")
      throw ExitCode.unavailable
    }
    ThisProcess.forgetStart()
    withExtendedLifetime(signals) { dispatchMain() }
  }

  private static func listen(_ plane: ControlPlane) -> Signals {
    let numbers = [
      Signals.terminate, Signals.interrupt, Signals.hangUp, Signals.reopenLogs,
    ]
    return Signals(numbers, on: .global()) { number in
      switch number {
      case Signals.terminate: plane.terminate()
      case Signals.interrupt: plane.interrupt()
      case Signals.hangUp: plane.reload()
      default: plane.reopenLogs()
      }
    }
  }
}
