/// The policies of a scenario, in the keys of `weir.yaml`.
package struct ScenarioPolicies: Sendable, Equatable {
  package struct Route: Sendable, Equatable {
    /// The caller: a service, or what clients go `via`. Nil: any that has no route of its own.
    package var from: String?
    package var route: RouteConfiguration
  }

  package var routes: [Route]
  /// One for each service, in the order of the scenario.
  package var upstreams: [UpstreamConfiguration]
  /// What a service's callers do when no route is given.
  package var defaults: [RouteConfiguration]
}
