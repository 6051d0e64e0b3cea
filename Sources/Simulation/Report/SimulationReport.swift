import ProxyConfiguration

/// What one or several runs of a scenario have shown: as text, as JSON, and as a picture.
package struct SimulationReport {
  package let runs: [SimulationRun]

  /// `runs`: of one scenario, one for each set of policies.
  package init(_ runs: [SimulationRun]) {
    self.runs = runs
  }

  var isComparison: Bool { runs.count > 1 }
}
