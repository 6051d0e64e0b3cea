import Primitives

/// What a balancer is told once: the policy, and how health, zones and age bend it.
///
/// Each default states its source. A value; equal settings and endpoints pick alike.
package struct BalancingSettings: Sendable, Equatable {
  package var policy: BalancingPolicy
  /// How long a new endpoint's weight takes to grow from 10 % to the whole, in proportion to its
  /// age. Default nil: off, as Envoy has it; 10 % and the straight line (aggression 1.0) are
  /// Envoy's too. Hashed policies have none: a key's home must not move with the clock.
  package var slowStart: Duration?
  /// Below this share of available endpoints all of a priority are eligible, as long as their own
  /// breakers let through: health checks that fail everywhere are more often wrong than right, and
  /// the few left would break under all the load. Default 50 %, Envoy's; 0 turns it off.
  package var panicThreshold: Share
  /// Where this proxy runs; nil: zones do not matter.
  package var ownZone: UInt8?
  /// With fewer endpoints in a priority, zones are not looked at. Default 6, Envoy's
  /// `min_cluster_size`: the proportions of a few say little.
  package var zoneEndpointsMin: Int
  /// The share of all callers that is in our zone; nil: callers are spread evenly over the
  /// upstream's zones. Envoy reads it from the local cluster, which a sidecar does not know.
  package var ownZoneCallers: Share?
  /// A priority at 100/this of its endpoints still takes all of its load. Default 140 %: Envoy's
  /// overprovisioning factor 1.4. In percent, 100 or more.
  package var overprovisioningPercent: Int
  /// With a hashed policy, no endpoint gets more than this part of the average load of its weight
  /// (Mirrokni 2016; HAProxy's `hash-balance-factor`, which recommends 125...200). In percent, over
  /// 100. Default nil: off.
  package var boundedLoadPercent: Int?
  /// Points on the ring, at least; 16 an endpoint if that is more. Default 1024, Envoy's minimum;
  /// at most 8,388,608, Envoy's maximum.
  package var ringPointsMin: Int
  /// Slots of a Maglev table, a prime. Default 65,537: the paper's and Envoy's.
  package var maglevSlots: Int
  /// What an answer is taken to last before the first is known. Default 30 ms: Linkerd's.
  package var latencySeed: Duration
  /// How fast latencies are forgotten (to 1/e). Default 10 s: Finagle's and Linkerd's.
  package var latencyDecay: Duration
  /// How long a failed answer is taken to have lasted, at least; blended in, not a peak, so that
  /// a failure in a thousand costs 5 ms. Default 5 s: what Linkerd's load biaser takes.
  package var failureLatency: Duration

  package init(
    policy: BalancingPolicy = .roundRobin, slowStart: Duration? = nil,
    panicThreshold: Share = .percent(50), ownZone: UInt8? = nil, zoneEndpointsMin: Int = 6,
    ownZoneCallers: Share? = nil, overprovisioningPercent: Int = 140,
    boundedLoadPercent: Int? = nil, ringPointsMin: Int = 1024, maglevSlots: Int = 65_537,
    latencySeed: Duration = .milliseconds(30), latencyDecay: Duration = .seconds(10),
    failureLatency: Duration = .seconds(5)
  ) {
    self.policy = policy
    self.slowStart = slowStart
    self.panicThreshold = panicThreshold
    self.ownZone = ownZone
    self.zoneEndpointsMin = zoneEndpointsMin
    self.ownZoneCallers = ownZoneCallers
    self.overprovisioningPercent = overprovisioningPercent
    self.boundedLoadPercent = boundedLoadPercent
    self.ringPointsMin = ringPointsMin
    self.maglevSlots = maglevSlots
    self.latencySeed = latencySeed
    self.latencyDecay = latencyDecay
    self.failureLatency = failureLatency
  }
}
