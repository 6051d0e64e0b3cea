import ProxyConfiguration
import Reactor

@testable import Simulation

/// Scenarios of `config/scenarios`, and others as text.
enum ScenarioFile {
  static func page(_ path: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return String(decoding: try SystemFile.read("/\(root)/\(path)"), as: UTF8.self)
  }

  static func text(_ name: String) throws -> String {
    try page("config/scenarios/\(name).yaml")
  }

  static func scenario(_ name: String) throws -> Scenario { try read(try text(name)) }

  static func policies(_ name: String, of scenario: Scenario) throws -> ScenarioPolicies {
    try ScenarioReader.readPolicies(Array(try text(name).utf8), file: name, of: scenario)
  }

  /// `text`: a scenario.
  static func read(_ text: String) throws -> Scenario {
    try ScenarioReader.read(Array(text.utf8), file: "scenario")
  }

  /// What is wrong with a scenario.
  static func faults(_ text: String) -> [String] {
    do throws(ConfigurationFaults) {
      _ = try ScenarioReader.read(Array(text.utf8), file: "scenario")
      return []
    } catch {
      return error.faults.map(\.message)
    }
  }
}

extension SimulationRun {
  /// How many of the clients' requests between two times in seconds were answered well.
  func goodShare(from start: Int, to end: Int) -> Double {
    let scale = Double(total.samples.count) / seconds
    let samples = total.samples[Int(Double(start) * scale)..<Int(Double(end) * scale)]
    let offered = samples.reduce(0) { $0 + $1.counts.offered }
    return Double(samples.reduce(0) { $0 + $1.counts.good }) / Double(max(offered, 1))
  }

  func service(_ name: String) -> Series? { services.first { $0.name == name } }

  func failures(_ name: String) -> Int {
    total.reasons[Reason.all.first { $0.name == name }.map { Int($0.code) } ?? 0]
  }
}
