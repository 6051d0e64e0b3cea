import Primitives

/// What `weir simulate` runs: clients, services, load and faults over time, and policies.
///
/// Checked: names exist and are unique, the call graph has no circle, times lie within the run.
package struct Scenario: Sendable, Equatable {
  package enum Sidecars: String, CaseIterable, Sendable {
    case perReplica = "per_replica"
    /// One for all replicas of a service, whose machines then see all of its traffic.
    case shared
  }

  package var name: String
  package var about: String
  package var seed: Int
  package var duration: Duration
  /// The step of the time line.
  package var sample: Duration
  /// One way.
  package var delayWithin: Duration
  package var delayAcross: Duration
  package var sidecars: Sidecars
  package var clients: [ScenarioClients]
  package var services: [ScenarioService]
  package var faults: [ScenarioFault]
  package var policies: ScenarioPolicies
}
