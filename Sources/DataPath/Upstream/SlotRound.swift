import Upstreams

/// A request for idle connections that goes from worker to worker and back to who sent it.
struct SlotRound: Sendable {
  let name: String
  /// The limits of the upstream; a reload may have put another of that name in its place.
  let limits: ResourceLimits
  /// The worker whose requests wait.
  let origin: Int
  /// How many have not been found yet.
  let unmet: Int
}
