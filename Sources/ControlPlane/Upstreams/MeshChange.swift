import DataPath

/// What changed in the mesh, for who watches it (`ControlPlane.watch`).
package enum MeshChange: Sendable {
  case policy(PolicyEvent)
  case health(HealthChange)
}
