import ArgumentParser
import ControlPlane
import Primitives
import ProxyConfiguration
import Reactor
import Simulation

/// `weir simulate`: what a policy does, before production does it.
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a scenario in virtual time and shows what its policies do.",
    discussion: """
      A scenario has services, load and faults over time, and policies in the keys of weir.yaml. \
      It runs on the proxy's own balancers, breakers, retries and limits, much faster than real \
      time, and one seed always gives the same run. docs/simulate.md has every key; \
      config/scenarios has scenarios to begin with:

        cd config/scenarios
        weir simulate retry-storm.yaml --svg storm.svg
        weir simulate retry-storm.yaml --svg storm.svg \\
          --compare retry-storm.yaml retry-storm-budget.yaml
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Argument(help: ArgumentHelp("The scenario.", valueName: "file"))
  var scenario: String

  @Option(help: "Another seed than the scenario's.")
  var seed: UInt64?

  @Option(help: "text: a table. json: all figures, the time line too.")
  var format: Format = .text

  @Option(help: ArgumentHelp("Writes the time line as a picture.", valueName: "file"))
  var svg: String?

  @Option(help: ArgumentHelp("Ends earlier, such as 30s.", valueName: "duration"))
  var until: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Runs the scenario once with the policies of each of these files, side by side.",
      valueName: "files"))
  var compare: [String] = []

  func validate() throws {
    if let until, Scalars.duration(until) ?? .zero <= .zero {
      throw ValidationError("--until must be a duration such as 30s")
    }
    if let seed, seed > Int.max { throw ValidationError("--seed must be below 2^63") }
  }

  func run() throws {
    let report = SimulationReport(try runs())
    if let svg {
      do throws(Errno) {
        try SystemFile.write(svg, Array(report.svg.utf8))
      } catch {
        ThisProcess.say("weir: \(svg) cannot be written: \(error)")
        throw ExitCode.cannotCreate
      }
    }
    print(format == .json ? report.json : report.text, terminator: "")
  }

  private func runs() throws -> [SimulationRun] {
    do throws(ConfigurationFaults) {
      let scenario = try ScenarioReader.read(
        try Self.text(self.scenario), file: self.scenario, environment: ThisProcess.environment)
      let seed = self.seed ?? UInt64(scenario.seed)
      let until = self.until.flatMap { Scalars.duration($0) }
      guard !compare.isEmpty else {
        return [run(scenario, seed: seed, until: until, of: 1, at: 1)]
      }
      var runs: [SimulationRun] = []
      for file in compare {
        let policies = try ScenarioReader.readPolicies(
          try Self.text(file), file: file, of: scenario, environment: ThisProcess.environment)
        runs.append(
          run(
            scenario, policies: policies, label: Self.label(file), seed: seed, until: until,
            of: compare.count, at: runs.count + 1))
      }
      return runs
    } catch {
      for fault in error.faults { ThisProcess.say(fault.description) }
      throw error.isUnreadable ? ExitCode.noInput : ExitCode(1)
    }
  }

  /// One run, with a line of progress on a terminal once it has taken a second.
  private func run(
    _ scenario: Scenario, policies: ScenarioPolicies? = nil, label: String = "", seed: UInt64,
    until: Duration?, of count: Int, at number: Int
  ) -> SimulationRun {
    let clock = ContinuousClock()
    let began = clock.now
    var told = began
    let what = count > 1 ? "\(label) (\(number) of \(count))" : scenario.name
    let run = SimulationRun(
      scenario, policies: policies, label: label, seed: seed, until: until
    ) { sample, samples in
      let now = clock.now
      guard Terminal.showsErrors, now - told >= .milliseconds(500), now - began >= .seconds(1)
      else { return }
      told = now
      ThisProcess.sayInPlace("simulating \(what): \(sample * 100 / max(samples, 1))%")
    }
    if told != began { ThisProcess.sayInPlace("") }
    return run
  }

  private static func text(_ file: String) throws(ConfigurationFaults) -> [UInt8] {
    try ConfigurationFile(path: file).text()
  }

  /// The file's name without folder and ending.
  private static func label(_ file: String) -> String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return name.split(separator: ".").first.map(String.init) ?? name
  }
}
